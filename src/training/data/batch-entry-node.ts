// The thread behind `prefetchPhotoBatches`: decodes, crops and degrades, away from the training loop.
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { openPhotoBatches, type PhotoBatch, type PhotoBatchOptions } from './photoBatches-node.js';
import { openPoolBatches, type PoolOptions } from './pool/poolBatches-node.js';

/** Where batches come from: made for each, or from a pool. */
export type BatchSource =
  | { readonly from: 'photos'; readonly crops: PhotoBatchOptions }
  | { readonly from: 'pool'; readonly pool: PoolOptions; readonly seed: number };

export interface BatchRequest {
  readonly first: number;
  readonly count: number;
}

export type BatchReply =
  | { readonly first: number; readonly batch: PhotoBatch }
  | { readonly first: number; readonly error: { readonly name: string; readonly message: string } }
  | { readonly warning: string };

// One thread a picture: the others compute, and crops are too small to share.
sharp.concurrency(1);
sharp.cache(false);

const send = (reply: BatchReply, transfer: ArrayBuffer[] = []): void =>
  parentPort?.postMessage(reply, transfer);

const warn = (warning: string): void => send({ warning });
const source = workerData as BatchSource;
const batches =
  source.from === 'pool'
    ? openPoolBatches(source.pool, source.seed, warn)
    : openPhotoBatches(source.crops, warn);

async function answer({ first, count }: BatchRequest): Promise<void> {
  try {
    const batch = await batches.read(first, count);
    const buffers = [batch.sample, batch.target].map(({ data }) => data.buffer as ArrayBuffer);
    send({ first, batch }, [...new Set(buffers)]);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    send({ first, error: { name, message } });
  }
}

let queue = Promise.resolve();
parentPort?.on('message', (request: BatchRequest) => {
  queue = queue.then(() => answer(request));
});
