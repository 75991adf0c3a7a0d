import { float32, Random, restorationGraph, type Session } from '../../src/index.js';
import { createWebExecutor } from '../../src/web.js';
import type { BenchRequest, BenchReply } from './protocol.js';

let opened: { readonly session: Session; readonly side: number } | undefined;

async function answer(request: BenchRequest): Promise<BenchReply> {
  if (request.kind === 'open') {
    const { config, weights, side, threads } = request;
    await opened?.session[Symbol.asyncDispose]();
    const executor = await createWebExecutor({ threads });
    const tensors = new Map(weights.map(([name, { shape, data }]) => [name, float32(shape, data)]));
    const session = await executor.load(restorationGraph(config, side, side), tensors);
    opened = { session, side };
    return [];
  }
  if (!opened) throw new Error('expected an open network');
  const { session, side } = opened;
  const random = Random.seeded(1);
  const values = Array.from({ length: 3 * side * side }, () => random.uniform());
  const sample = float32([1, 3, side, side], values);
  const times: number[] = [];
  for (let i = 0; i < request.count; i++) {
    const start = performance.now();
    await session.run({ sample });
    times.push(performance.now() - start);
  }
  return times;
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
