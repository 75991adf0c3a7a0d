import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Executor, Session } from '../../src/graph/index.js';
import type * as Node from '../../src/node.js';
import { createNodeExecutor } from '../../src/runtime/ort-node.js';
import { bigNetwork, bigNetworkBytes } from './bigNetwork.js';

/** A thread starts from compiled code. */
const built = fileURLToPath(new URL('../../dist/src/node.js', import.meta.url));
const { createWorkerExecutor } = (await import(built)) as typeof Node;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { graph, weights, feeds, answer } = bigNetwork();

async function cycle(executor: Executor, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await using session = await executor.load(graph, weights);
    const { y } = await session.run(feeds);
    expect(y.data[0]).toBe(answer);
  }
}

/** The resident memory of this process once what can be given back was; that takes a moment. */
async function settledMemory(): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 10; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 50));
    least = Math.min(least, process.memoryUsage.rss());
  }
  return least;
}

const ROUND = 25;

/** What memory grew by in the round in which it grew least: an allocator keeps more once, a leak grows in every round. */
async function leastGrowth(executor: Executor): Promise<number> {
  await cycle(executor, ROUND);
  const memory = [await settledMemory()];
  for (let round = 1; round < 4; round++) {
    await cycle(executor, ROUND);
    memory.push(await settledMemory());
  }
  return Math.min(...memory.slice(1).map((after, i) => after - memory[i]));
}

describe('a session of 20 MiB of weights, loaded, run and disposed of again and again', () => {
  // Not a twenty-fifth of each session's may stay.
  const bound = (ROUND * bigNetworkBytes) / 25;

  it.each([
    ['onnxruntime-node', createNodeExecutor],
    ['onnxruntime-node in a thread', createWorkerExecutor],
  ])('gives its memory back: %s', { timeout: 180_000 }, async (_, create) => {
    expect(await leastGrowth(create())).toBeLessThan(bound);
  });

  it('would be seen if it did not', { timeout: 60_000 }, async () => {
    const executor = createNodeExecutor();
    const before = await settledMemory();
    const kept: Session[] = [];
    for (let i = 0; i < 10; i++) kept.push(await executor.load(graph, weights));
    expect((await settledMemory()) - before).toBeGreaterThan(bound);
    for (const session of kept) await session[Symbol.asyncDispose]();
  });
});
