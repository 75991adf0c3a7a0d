import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { createAppServer } from './appServer.js';
import { parsePort } from '../terminal/arguments.js';
import { Interrupted, UsageError } from '../terminal/failures.js';
import { interruptible } from '../terminal/interrupt.js';

interface AppFlags {
  readonly port?: number;
  readonly open: boolean;
}

const usualPort = 7860;

export function defineApp(command: Command): void {
  command
    .option('--port <n>', `port (default: ${usualPort}, or a free one)`, parsePort)
    .option('--open', 'open it in the browser', false)
    .action((flags: AppFlags) => interruptible((signal) => serveApp(flags, signal)));
}

/** Until a signal; that is how it is meant to end, so it is no failure. */
async function serveApp({ port, open }: AppFlags, signal: AbortSignal): Promise<void> {
  const folder = fileURLToPath(new URL('../app/', import.meta.url));
  if (!existsSync(`${folder}index.html`)) {
    throw new UsageError('the app is not in this installation; `npm run build` makes it');
  }
  const server = createAppServer(folder);
  const { port: used } = await listen(server, port);
  const url = `http://localhost:${used}/`;
  process.stdout.write(`${url}\n`);
  process.stderr.write('Only this machine can reach it. Ctrl-C ends it.\n');
  if (open) openBrowser(url);
  if (!signal.aborted) await once(signal, 'abort');
  server.closeAllConnections();
  server.close();
  throw signal.reason instanceof Error ? signal.reason : new Interrupted(130);
}

/** On the usual port, unless another is asked for; where that one is taken, on any. */
async function listen(
  server: ReturnType<typeof createAppServer>,
  port: number | undefined,
): Promise<AddressInfo> {
  try {
    return await listenOn(server, port ?? usualPort);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    if (port !== undefined) throw new UsageError(`expected a free port, got ${port}`);
    return listenOn(server, 0);
  }
}

async function listenOn(
  server: ReturnType<typeof createAppServer>,
  port: number,
): Promise<AddressInfo> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

function openBrowser(url: string): void {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  const opener = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  opener.on('error', () =>
    process.stderr.write(`nanosd: no browser could be opened; see ${url}\n`),
  );
  opener.unref();
}
