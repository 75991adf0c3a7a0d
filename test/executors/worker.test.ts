import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GraphBuilder, type Graph, type Value } from '../../src/graph/index.js';
import type * as Node from '../../src/node.js';
import { float32 } from '../../src/tensor/index.js';

/** A thread starts from compiled code. */
const built = fileURLToPath(new URL('../../dist/src/node.js', import.meta.url));
const { createWorkerExecutor } = (await import(built)) as typeof Node;

const portable = fileURLToPath(new URL('../../dist/src/index.js', import.meta.url));

function run(script: string): { status: number | null; stdout: string; stderr: string } {
  const args = ['--input-type=module', '--eval', script];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
}

const width = 512;

/** Matrix products that take a while and come out as they went in. */
function longWork(): Graph {
  const builder = new GraphBuilder();
  let y: Value = builder.input('x', [width, width]);
  for (let i = 0; i < 40; i++) y = builder.matmul(y, y);
  return builder.build({ y });
}

const even = { x: float32([width, width], new Float32Array(width * width).fill(1 / width)) };

describe('an executor with a thread of its own', { timeout: 60_000 }, () => {
  it('leaves the event loop free while it computes', async () => {
    await using executor = createWorkerExecutor({ threads: 1 });
    await using session = await executor.load(longWork(), new Map());
    await session.run(even);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const { y } = await session.run(even);
    clearInterval(timer);
    expect(y.data[0]).toBeCloseTo(1 / width, 6);
    expect(turns).toBeGreaterThan(5);
  });

  it('answers what it computes and refuses the rest when it is disposed of', async () => {
    const executor = createWorkerExecutor({ threads: 1 });
    const session = await executor.load(longWork(), new Map());
    const runs = Promise.allSettled([session.run(even), session.run(even)]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await executor[Symbol.asyncDispose]();
    const message = 'expected a live executor, got one that was disposed of';
    const [first, second] = await runs;
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: new Error(message) });
    await expect(executor.load(longWork(), new Map())).rejects.toThrow(message);
    await session[Symbol.asyncDispose]();
    await executor[Symbol.asyncDispose]();
  });

  it('lets a process exit as it would while it computes', () => {
    const script = `const { createWorkerExecutor } = await import('${built}');
      const { GraphBuilder, zeros } = await import('${portable}');
      const builder = new GraphBuilder();
      let y = builder.input('x', [512, 512]);
      for (let i = 0; i < 40; i++) y = builder.matmul(y, y);
      const session = await createWorkerExecutor().load(builder.build({ y }), new Map());
      void session.run({ x: zeros('float32', [512, 512]) });
      setTimeout(() => process.exit(7), 5);`;
    const { status, stderr } = run(script);
    expect([status, stderr]).toEqual([7, '']);
  });

  // Only the first thread of a process reads the engine from the disk, and takes long enough to be met at it.
  it.each([5, 20, 40])('lets a process exit while it loads its engine, after %i ms', (delay) => {
    const script = `const { createWorkerExecutor } = await import('${built}');
      createWorkerExecutor();
      setTimeout(() => process.exit(7), ${delay});`;
    const { status, stderr } = run(script);
    expect([status, stderr]).toEqual([7, '']);
  });

  it('does not keep a process alive that has nothing to ask of it', () => {
    const script = `const { createWorkerExecutor } = await import('${built}');
      createWorkerExecutor(); console.log('done');`;
    const args = ['--input-type=module', '--eval', script];
    const { status, stdout } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect([status, stdout.trim()]).toEqual([0, 'done']);
  });
});
