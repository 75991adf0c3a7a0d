// The built app in headless Chromium, served as `nanosd app` serves it.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { createAppServer } from '../../cli/app/appServer.js';
import { chromiumPath, type Site } from '../browser/chromium.js';

export const appFolder = fileURLToPath(new URL('../../dist/app/', import.meta.url));

/** On any free port. */
export async function serveApp(server = createAppServer(appFolder)): Promise<Site> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

const flags = [
  '--no-sandbox',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

export function launch(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, args: [...flags, ...more] });
}

/** The app in a fresh profile. */
export interface OpenApp extends AsyncDisposable {
  readonly page: Page;
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

export async function openApp(
  browser: Browser,
  { origin }: Site,
  options: BrowserContextOptions = {},
): Promise<OpenApp> {
  const context = await browser.newContext({ permissions: ['camera'], ...options });
  const [requests, complaints]: [string[], string[]] = [[], []];
  context.on('request', (request) => requests.push(request.url()));
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(`${origin}/`);
  await untilReady(page);
  return { page, requests, complaints, [Symbol.asyncDispose]: () => context.close() };
}

export async function untilReady(page: Page): Promise<void> {
  await page.waitForSelector('#device-chip[data-state=ready]', { timeout: 60_000 });
}

/** Adds files, restores everything, and waits until the last is done. */
export async function restoreFiles(page: Page, files: AppFile[]): Promise<void> {
  await page.setInputFiles('#files', files);
  await page.waitForSelector(`.frame:nth-child(${files.length})`);
  await page.click('#restore');
  await page.waitForSelector('.frame:last-child[data-state=done]', { timeout: 120_000 });
}

export interface AppFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Clicks a button and gives the file that it downloads. */
export async function downloadFrom(
  page: Page,
  button: string,
): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}
