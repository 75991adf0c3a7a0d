// The thread behind `prefetchPhotoBatches`: decodes, crops and degrades, away from the training loop.
import { parentPort, workerData } from 'node:worker_threads';
import { openPhotoBatches, type PhotoBatch, type PhotoBatchOptions } from './photoBatches-node.js';

export interface BatchRequest {
  readonly first: number;
  readonly count: number;
}

export type BatchReply =
  | { readonly first: number; readonly batch: PhotoBatch }
  | { readonly first: number; readonly message: string };

const batches = openPhotoBatches(workerData as PhotoBatchOptions);
// The reply to each request reports it; without this a failure before the first request ends the process.
batches.catch(() => undefined);

async function answer({ first, count }: BatchRequest): Promise<void> {
  try {
    const batch = await (await batches).read(first, count);
    const reply: BatchReply = { first, batch };
    parentPort?.postMessage(reply, [
      batch.sample.data.buffer as ArrayBuffer,
      batch.target.data.buffer as ArrayBuffer,
    ]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reply: BatchReply = { first, message };
    parentPort?.postMessage(reply);
  }
}

let queue = Promise.resolve();
parentPort?.on('message', (request: BatchRequest) => {
  queue = queue.then(() => answer(request));
});
