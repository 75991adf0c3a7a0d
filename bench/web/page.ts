// The page that `npm run bench -- web` measures: it opens a network in a worker, as an app would.
import type { BenchRequest, BenchReply } from './protocol.js';

declare global {
  /** Opens a network, or runs the open one and gives the milliseconds of each run. */
  var ask: (request: BenchRequest) => Promise<BenchReply>;
}

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

globalThis.ask = (request) =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<BenchReply>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(request);
  });
