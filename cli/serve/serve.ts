import { once } from 'node:events';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import type { AddressInfo } from 'node:net';
import { Interrupted, UsageError } from '../terminal/failures.js';
import { stopping } from './apiError.js';
import type { PhotoLimits } from './assignment.js';
import { createHoldings } from './body.js';
import type { ServeFlags } from './flags.js';
import type { Jobs } from './jobs.js';
import { createLocalJobs } from './localJobs.js';
import { createLog, type Log } from './log.js';
import type { RedisStore } from './redisStore.js';
import type { RestoreContext } from './restoreTask.js';
import { createRestoreServer } from './server.js';
import type { Service } from './service.js';
import { createServiceMetrics } from './serviceMetrics.js';
import { openShelf, type Shelf } from './shelf.js';
import { createWorkbench } from './workbench.js';

/** Uploads that are in memory at a time, in the largest that there may be. */
const UPLOADS_HELD = 8;
const FINISHED_KEPT = 10_000;
/** Milliseconds for the last answers to get out, and for what is cancelled to clean up. */
const FLUSH_MS = 5000;
/** Milliseconds that a queue may take to hear that this server takes nothing more. */
const PAUSE_MS = 2000;
const POLL_MS = 20;

/** `nanosd serve`, until a signal. */
export async function serve(
  flags: ServeFlags,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const log = createLog(process.stderr, flags.json);
  await removeLeftovers();
  const { model = [], device, threads } = flags;
  await using shelf = await openShelf(model, { device, ...(threads !== undefined && { threads }) });
  const limits = await photoLimits(flags);
  const stop = { isStopping: false };
  const core = createCore(flags, version, log);
  await using store = await openStore(flags, log);
  await using jobs = await core.startJobs({ shelf, limits, store });
  const service: Service = {
    ...core.context,
    ...{ version, limits, shelf, jobs, holdings: core.holdings },
    isStopping: () => stop.isStopping,
  };
  const server = createRestoreServer(service, { log, origins: new Set(flags.allowOrigin) });
  await listen(server, flags);
  log({ level: 'info', message: 'ready', fields: { models: shelf.restorers.length } });
  if (!signal.aborted) await once(signal, 'abort');
  stop.isStopping = true;
  await drain(service, server, flags.drain, log);
}

interface JobsNeed {
  readonly shelf: Shelf;
  readonly limits: PhotoLimits;
  readonly store: RedisStore | undefined;
}

function createCore(flags: ServeFlags, version: string, log: Log) {
  const { concurrency, queueLimit, timeout, maxBytes } = flags;
  const bench = createWorkbench({ concurrency, queueLimit, timeout });
  const holdings = createHoldings(UPLOADS_HELD * maxBytes);
  const running: { jobs?: Jobs } = {};
  const jobCounts = async () => (await running.jobs?.counts()) ?? new Map<string, number>();
  const metrics = createServiceMetrics({ bench, holdings, jobCounts, version });
  const onFault = (error: unknown): void => {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log({ level: 'error', message: 'internal', fields: { stack } });
  };
  const context: RestoreContext = { bench, metrics, onFault };
  return {
    context,
    holdings,
    async startJobs(need: JobsNeed): Promise<Jobs> {
      const jobs = await createJobs(flags, context, need);
      running.jobs = jobs;
      return jobs;
    },
  };
}

async function createJobs(
  { keep, keepBytes, concurrency, queueLimit }: ServeFlags,
  restore: RestoreContext,
  { shelf, limits, store }: JobsNeed,
): Promise<Jobs> {
  if (!store) {
    return createLocalJobs(restore, { seconds: keep, bytes: keepBytes, count: FINISHED_KEPT });
  }
  const { createRedisJobs } = await import('./redisJobs.js');
  return createRedisJobs({
    ...{ restore, store, shelf, limits },
    ...{ keepSeconds: keep, concurrency, queueLimit },
  });
}

async function openStore({ redis }: ServeFlags, log: Log): Promise<RedisStore | undefined> {
  if (redis === undefined) return undefined;
  const { openRedisStore } = await import('./redisStore.js');
  return openRedisStore(redis, (trouble) =>
    log({ level: 'error', message: 'redis', fields: { trouble } }),
  );
}

async function photoLimits(flags: ServeFlags): Promise<PhotoLimits> {
  const { availableMemory } = await import('../../src/node.js');
  const { maxBytes, maxPixels, maxResultPixels, tile, concurrency } = flags;
  const maxMemory = (flags.maxMemory ?? availableMemory()) / concurrency;
  const compute = { maxMemory, ...(tile !== undefined && { tile }) };
  return { maxBytes, maxPixels, maxResultPixels, compute };
}

/** What servers that were killed have left behind. */
async function removeLeftovers(): Promise<void> {
  const { removeStaleWorkFolders } = await import('../../src/node.js');
  await removeStaleWorkFolders(tmpdir());
}

async function listen(server: Server, { host, port }: ServeFlags): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(
      `expected an address and a port to listen on, got ${host}:${port} (${code})`,
    );
  }
  const { address, port: used, family } = server.address() as AddressInfo;
  const name = family === 'IPv6' ? `[${address}]` : address;
  process.stdout.write(`http://${name}:${used}/\n`);
}

/** Takes nothing more, finishes what it has, and after some time abandons the rest. */
async function drain(
  { bench, jobs, metrics }: Service,
  server: Server,
  seconds: number,
  log: Log,
): Promise<void> {
  const left = () => bench.running + bench.waiting;
  log({ level: 'info', message: 'stopping', fields: { photos: left() } });
  await Promise.race([jobs.pause(), delay(PAUSE_MS)]);
  bench.close();
  await until(() => left() === 0 && metrics.inFlight === 0, seconds * 1000);
  const abandoned = left();
  bench.cancelAll(stopping());
  server.close();
  await until(() => metrics.inFlight === 0 && bench.running === 0, FLUSH_MS);
  server.closeAllConnections();
  if (abandoned === 0) return log({ level: 'info', message: 'stopped' });
  const photos = abandoned === 1 ? '1 photo' : `${abandoned} photos`;
  throw new Interrupted(SIGTERM_EXIT, `stopped; ${photos} had to be abandoned`);
}

const SIGTERM_EXIT = 143;

async function until(condition: () => boolean, ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (!condition() && Date.now() < end) {
    await delay(POLL_MS);
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
