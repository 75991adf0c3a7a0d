import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.safetensors': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** Everything from here, nothing from elsewhere, and memory that threads may share. */
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; " +
    "style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; manifest-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(self), microphone=(), geolocation=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Names with a hash or a version never hold anything else. */
const immutable = /^\/(assets|ort-[\d.]+)\//;
const servable = /^(\/[\w][\w.-]*)+$/;

/** A server of the built app for browsers on this machine. */
export function createAppServer(folder: string): Server {
  return createServer((request, response) => {
    respond(folder, request, response).catch(() => response.destroy());
  });
}

async function respond(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A foreign name that points here is a foreign page's way to read what only this machine may.
  if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(request.headers.host ?? '')) {
    return refuse(response, 403);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
  const [asked] = (request.url ?? '/').split('?');
  const path = asked === '/' ? '/index.html' : asked;
  const file = servable.test(path) ? await findFile(folder, path) : undefined;
  if (!file) return refuse(response, 404);
  response.writeHead(200, {
    ...headers,
    'Cache-Control': immutable.test(path) ? 'max-age=31536000, immutable' : 'no-cache',
    'Content-Type': contentTypes[extname(path)] ?? 'application/octet-stream',
    'Content-Length': file.size,
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file.path), response);
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, headers).end();
}

interface FoundFile {
  readonly path: string;
  readonly size: number;
}

/** In the app's folder, or, for the engine, in the package that it comes from. */
async function findFile(folder: string, path: string): Promise<FoundFile | undefined> {
  const [, engine] = /^\/ort-[\d.]+\/([\w.-]+\.wasm)$/.exec(path) ?? [];
  const places = [join(folder, path), ...(engine ? [join(engineFolder(), engine)] : [])];
  for (const place of places) {
    const entry = await stat(place).catch(() => undefined);
    if (entry?.isFile()) return { path: place, size: entry.size };
  }
  return undefined;
}

function engineFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));
}
