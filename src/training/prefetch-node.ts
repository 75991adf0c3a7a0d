import { Worker } from 'node:worker_threads';
import type { BatchReply, BatchRequest } from './batch-entry-node.js';
import type { PhotoBatch, PhotoBatchOptions } from './photoBatches-node.js';

export interface PrefetchedBatches extends AsyncDisposable {
  /** The batch of `count` samples from `first` on. Asking in order finds it ready. */
  take(first: number): Promise<PhotoBatch>;
}

/**
 * Photo batches made ahead in a thread of their own: while one batch is computed on, the next `depth` are
 * being made.
 */
export function prefetchPhotoBatches(
  options: PhotoBatchOptions,
  count: number,
  depth: number,
): PrefetchedBatches {
  const worker = new Worker(new URL('./batch-entry-node.js', import.meta.url), {
    workerData: options,
  });
  const ready = new Map<number, PromiseWithResolvers>();
  const request = (first: number): PromiseWithResolvers => {
    const existing = ready.get(first);
    if (existing) return existing;
    const made = withResolvers();
    ready.set(first, made);
    const message: BatchRequest = { first, count };
    worker.postMessage(message);
    return made;
  };
  worker.on('message', (reply: BatchReply) => {
    const waiting = ready.get(reply.first);
    if ('batch' in reply) waiting?.resolve(reply.batch);
    else waiting?.reject(new Error(reply.message));
  });
  worker.on('error', (error) => ready.forEach((waiting) => waiting.reject(error)));
  return {
    async take(first) {
      for (let ahead = 0; ahead <= depth; ahead++) request(first + ahead * count);
      const batch = await request(first).promise;
      for (const key of ready.keys()) if (key <= first) ready.delete(key);
      return batch;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

interface PromiseWithResolvers {
  readonly promise: Promise<PhotoBatch>;
  readonly resolve: (batch: PhotoBatch) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: PromiseWithResolvers['resolve'] = () => undefined;
  let reject: PromiseWithResolvers['reject'] = () => undefined;
  const promise = new Promise<PhotoBatch>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // A batch made ahead may fail before anyone waits for it; whoever takes it gets the error.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
