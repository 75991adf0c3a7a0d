import { Worker } from 'node:worker_threads';
import type { BatchReply, BatchRequest, BatchSource } from './batch-entry-node.js';
import type { PhotoBatch } from './photoBatches-node.js';

export interface PrefetchedBatches extends AsyncDisposable {
  /** The batch of `count` samples from `first` on; each is taken once. Asking in order finds it ready. */
  take(first: number): Promise<PhotoBatch>;
}

export interface PrefetchOptions {
  /** Samples a batch. */
  readonly count: number;
  /** Batches made ahead of the last one that was asked for. */
  readonly depth: number;
  /** Hears what is wrong with photographs that are left out. */
  readonly onWarning: (warning: string) => void;
}

/** Photo batches made ahead in a thread of their own, while others are computed on. */
export function prefetchPhotoBatches(
  source: BatchSource,
  { count, depth, onWarning }: PrefetchOptions,
): PrefetchedBatches {
  const worker = new Worker(new URL('./batch-entry-node.js', import.meta.url), {
    workerData: source,
  });
  const requested = new Map<number, Deferred>();
  let failure: Error | null = null;
  let next = -Infinity;
  const request = (first: number): Deferred => {
    const made = deferred();
    requested.set(first, made);
    if (failure) made.reject(failure);
    const message: BatchRequest = { first, count };
    worker.postMessage(message);
    return made;
  };
  const fail = (error: Error): void => {
    failure ??= error;
    for (const waiting of requested.values()) waiting.reject(failure);
  };
  worker.on('message', (reply: BatchReply) => {
    if ('warning' in reply) onWarning(reply.warning);
    else if ('batch' in reply) requested.get(reply.first)?.resolve(reply.batch);
    else {
      const { name, message } = reply.error;
      requested.get(reply.first)?.reject(Object.assign(new Error(message), { name }));
    }
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`the data thread ended (exit code ${code})`)));
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
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
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
