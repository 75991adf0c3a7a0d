// Headless Chromium on a page of ours, bundled by Vite and served as a careful site would serve it.
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build } from 'vite';

export const chromiumPath = '/usr/bin/chromium';

/** Why the browser tests cannot run here; null where they can. */
export const chromiumProblem = existsSync(chromiumPath) ? null : `${chromiumPath} is not installed`;

const here = fileURLToPath(new URL('./', import.meta.url));
const ortFolder = fileURLToPath(
  new URL('../../node_modules/onnxruntime-web/dist/', import.meta.url),
);

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

const headers = {
  // Threads need an isolated page.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
};

const quiet = [
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Nothing but this machine can be reached, whoever asks.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** SwiftShader: WebGPU in software, for correctness. */
export const softwareWebGpu = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--ignore-gpu-blocklist',
];

export interface Site extends AsyncDisposable {
  readonly origin: string;
}

/** Builds the page into a temporary folder and serves it, and ONNX Runtime's own files under `/ort/`. */
export async function servePage(entry = join(here, 'page.html')): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-page-'));
  await build({
    configFile: false,
    root: dirname(entry),
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'esnext',
      minify: false,
      reportCompressedSize: false,
      rolldownOptions: { input: entry },
    },
  });
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://page').pathname);
    const file = path.startsWith('/ort/') ? join(ortFolder, path.slice(5)) : join(folder, path);
    readFile(file).then(
      (body) => {
        response.writeHead(200, {
          'Content-Type': contentTypes[extname(path)] ?? 'application/octet-stream',
          ...headers,
        });
        response.end(body);
      },
      () => response.writeHead(404, headers).end(),
    );
  });
  const origin = await listen(server);
  return {
    origin,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Every URL that the page or its workers asked for. */
  readonly requests: readonly string[];
  /** What went wrong in the page, and what it wrote to the console. */
  readonly complaints: readonly string[];
}

export async function openPage(site: Site, flags: readonly string[] = []): Promise<OpenPage> {
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', ...quiet, ...flags],
  });
  const page = await browser.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.context().on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(`${site.origin}/page.html`);
  return {
    page,
    requests,
    complaints,
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** The bytes that the processes of the browser hold between them, after a garbage collection. */
export async function heldMemory({ page }: OpenPage): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  const browser = await page.context().browser()?.newBrowserCDPSession();
  const { processInfo } = (await browser?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] };
  await browser?.detach();
  return processInfo.reduce((sum, { id }) => sum + residentMemory(id), 0);
}

/** As Linux tells it. */
function residentMemory(process: number): number {
  const [, pages] = readFileSync(`/proc/${process}/statm`, 'utf8').split(' ');
  return Number(pages) * 4096;
}
