import { float32, type Session } from '../../src/index.js';
import { createWebExecutor } from '../../src/web.js';
import type { BenchRequest, BenchReply } from './protocol.js';
import { timeRuns, workloadGraph, type Workload } from './workload.js';

let opened: { readonly session: Session; readonly workload: Workload } | undefined;

async function answer(request: BenchRequest): Promise<BenchReply> {
  if (request.kind === 'open') {
    const { workload, weights, threads } = request;
    await opened?.session[Symbol.asyncDispose]();
    const executor = await createWebExecutor({ threads });
    const tensors = new Map(weights.map(([name, { shape, data }]) => [name, float32(shape, data)]));
    opened = { session: await executor.load(workloadGraph(workload), tensors), workload };
    return [];
  }
  if (!opened) throw new Error('expected an open workload');
  return timeRuns(opened.session, opened.workload, request.count);
}

addEventListener('message', ({ data }: MessageEvent<BenchRequest>) => {
  answer(data).then(
    (times) => postMessage(times),
    // What is thrown outside a promise reaches the page as an error event.
    (error: unknown) =>
      setTimeout(() => {
        throw error;
      }),
  );
});
