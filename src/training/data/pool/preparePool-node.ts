import { Worker } from 'node:worker_threads';
import { ConfigError } from '../../../models/index.js';
import type { Preparation } from '../../objectives/objective.js';
import type { PoolOptions } from './poolBatches-node.js';
import type { FileReply } from './pool-entry-node.js';
import {
  filesOf,
  missingFiles,
  openPoolFolder,
  poolFileBytes,
  requireRoom,
  type PoolIdentity,
} from './poolFolder-node.js';
import { dueAt, recordBytes } from './poolPlan.js';

/** A pool, and what it is made of in words. */
export interface PoolPlan {
  readonly options: PoolOptions;
  readonly identity: PoolIdentity;
}

/**
 * Makes what a run needs of a pool that goes on with sample `first`, in threads, telling how far it is. What is there
 * stays; processes that make the same pool share the work.
 * @throws ConfigError for a limit that the samples exceed, and for the folder of another pool; WeightsError when the disk has
 * no room, before anything is made.
 */
export async function* preparePool(
  { options, identity }: PoolPlan,
  first: number,
  threads: number,
  onWarning: (warning: string) => void,
): AsyncGenerator<Preparation> {
  const { place } = options;
  requireLimit(options);
  await openPoolFolder(place, identity, onWarning);
  const { from, to } = dueAt(first, options);
  const files = filesOf(place, from, to);
  const missing = await missingFiles(place, files, onWarning);
  if (missing.length === 0) return;
  await requireRoom(place, missing.length);
  const perFile = place.samplesInFile;
  const total = files.length * perFile;
  const what = 'samples of the pool made';
  let done = total - missing.length * perFile;
  yield { what, done, total };
  // Processes that begin at the same time begin at other files.
  const turned = process.pid % missing.length;
  const queue = [...missing.slice(turned), ...missing.slice(0, turned)];
  for await (const made of makeFiles(options, queue, threads, onWarning)) {
    done += made * perFile;
    yield { what, done, total };
  }
}

function requireLimit({ samples, limitBytes, place }: PoolOptions): void {
  const bytes = recordBytes(place.planes);
  const needed = Math.ceil((samples * bytes + poolFileBytes(place)) / 1e6);
  if (needed * 1e6 <= limitBytes) return;
  const got = Math.floor(limitBytes / 1e6);
  throw new ConfigError(
    `data.pool.megabytes: expected at least ${needed}, for ${samples} samples of ${bytes} bytes, got ${got}`,
  );
}

/** Yields the number of files made since it was last asked. */
async function* makeFiles(
  options: PoolOptions,
  queue: readonly number[],
  threads: number,
  onWarning: (warning: string) => void,
): AsyncGenerator<number> {
  const share = Math.floor(options.crops.cacheBytes / threads);
  const workerData: PoolOptions = { ...options, crops: { ...options.crops, cacheBytes: share } };
  const told = new Set<string>();
  const replies: FileReply[] = [];
  let failure: Error | null = null;
  let wake: () => void = () => undefined;
  let next = 0;
  const workers = Array.from({ length: Math.min(threads, queue.length) }, () => {
    const worker = new Worker(new URL('./pool-entry-node.js', import.meta.url), { workerData });
    const ask = (): void => {
      if (next < queue.length) worker.postMessage(queue[next++]);
    };
    worker.on('message', (reply: FileReply) => {
      if ('made' in reply) ask();
      replies.push(reply);
      wake();
    });
    const fail = (error: Error): void => {
      failure ??= error;
      wake();
    };
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`a thread of the pool ended (exit code ${code})`)));
    ask();
    return worker;
  });
  try {
    let left = queue.length;
    while (left > 0) {
      if (replies.length === 0 && failure === null) {
        await new Promise<void>((resolve) => (wake = resolve));
      }
      if (failure !== null) throw failure as Error;
      for (const reply of replies.splice(0)) {
        if ('error' in reply) {
          const { name, message } = reply.error;
          throw Object.assign(new Error(message), { name });
        }
        if ('warning' in reply) {
          if (!told.has(reply.warning)) onWarning(reply.warning);
          told.add(reply.warning);
          continue;
        }
        left -= 1;
        yield 1;
      }
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
