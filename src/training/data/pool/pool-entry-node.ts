// A thread behind `preparePool`: makes files of a pool, one after the other.
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { openPoolMaker, type PoolOptions } from './poolBatches-node.js';
import { makeFile } from './poolFile-node.js';
import { missingFiles } from './poolFolder-node.js';

export type FileReply =
  | { readonly made: number }
  | { readonly warning: string }
  | { readonly error: { readonly name: string; readonly message: string } };

// One thread a picture, as where batches are made.
sharp.concurrency(1);
sharp.cache(false);

const send = (reply: FileReply): void => parentPort?.postMessage(reply);
const options = workerData as PoolOptions;
const make = openPoolMaker(options, (warning) => send({ warning }));

async function answer(file: number): Promise<void> {
  try {
    // Another process may have made it meanwhile.
    const missing = await missingFiles(options.place, [file], () => undefined);
    if (missing.length > 0) await makeFile(options.place, file, make);
    send({ made: file });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    send({ error: { name, message } });
  }
}

let queue = Promise.resolve();
parentPort?.on('message', (file: number) => {
  queue = queue.then(() => answer(file));
});
