import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { BatchReply, BatchRequest, BatchSource } from './batch-entry-node.js';
import { addCosts, noCosts, type DataCosts } from './dataCosts.js';
import type { PhotoBatch } from './photoBatches-node.js';

export interface PrefetchedBatches extends AsyncDisposable {
  /** The batch of `count` samples from `first` on; each is taken once. Asking in order finds it ready. */
  take(first: number): Promise<PhotoBatch>;
  /** What making batches has taken so far. */
  costs(): DataCosts;
}

export interface PrefetchOptions {
  /** Samples a batch. */
  readonly count: number;
  /** Batches made ahead of the last one that was asked for. */
  readonly depth: number;
  readonly threads: number;
  /** Hears what is wrong with photographs that are left out. */
  readonly onWarning: (warning: string) => void;
}

/**
 * Photo batches made ahead in threads of their own, while others are computed on. Each thread keeps photographs of its own, in
 * its share of the memory.
 */
export function prefetchPhotoBatches(
  source: BatchSource,
  { count, depth, threads, onWarning }: PrefetchOptions,
): PrefetchedBatches {
  const workerData = sharedAmong(threads, source);
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./batch-entry-node.js', import.meta.url), { workerData }),
  );
  const costs = new Map<Worker, DataCosts>();
  const told = new Set<string>();
  const requested = new Map<number, Deferred>();
  let failure: Error | null = null;
  let next = -Infinity;
  const request = (first: number): Deferred => {
    const made = deferred();
    requested.set(first, made);
    if (failure) made.reject(failure);
    const message: BatchRequest = { first, count };
    workers[Math.floor(first / count) % threads].postMessage(message);
    return made;
  };
  const fail = (error: Error): void => {
    failure ??= error;
    for (const waiting of requested.values()) waiting.reject(failure);
  };
  for (const worker of workers) {
    worker.on('message', (reply: BatchReply) => {
      if ('warning' in reply) {
        if (!told.has(reply.warning)) onWarning(reply.warning);
        told.add(reply.warning);
      } else if ('batch' in reply) {
        costs.set(worker, reply.costs);
        requested.get(reply.first)?.resolve(reply.batch);
      } else {
        const { name, message } = reply.error;
        requested.get(reply.first)?.reject(Object.assign(new Error(message), { name }));
      }
    });
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`a data thread ended (exit code ${code})`)));
  }
  return {
    async take(first) {
      const wanted = requested.get(first) ?? request(first);
      // Threads that share a batch may ask out of order; what is ahead is asked for once.
      for (next = Math.max(next, first + count); next <= first + depth * count; next += count) {
        request(next);
      }
      try {
        return await wanted.promise;
      } finally {
        requested.delete(first);
      }
    },
    costs: () => [...costs.values()].reduce(addCosts, noCosts),
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** A pool is read and renewed by one thread, which knows what is made. */
export function dataThreads(workers: number, source: BatchSource): number {
  if (source.from === 'pool') return 1;
  // One more than computes, and where cores are left over, those.
  return Math.min(4, Math.max(1, availableParallelism() - workers));
}

function sharedAmong(threads: number, source: BatchSource): BatchSource {
  if (source.from === 'pool') return source;
  const { crops } = source;
  return { ...source, crops: { ...crops, cacheBytes: crops.cacheBytes / threads } };
}

interface Deferred {
  readonly promise: Promise<PhotoBatch>;
  readonly resolve: (batch: PhotoBatch) => void;
  readonly reject: (error: Error) => void;
}

function deferred(): Deferred {
  let resolve: Deferred['resolve'] = () => undefined;
  let reject: Deferred['reject'] = () => undefined;
  const promise = new Promise<PhotoBatch>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // A batch made ahead may fail before anyone waits for it; whoever takes it gets the error.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
