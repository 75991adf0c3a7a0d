import { describe, expect, it } from 'vitest';
import { createInterpreter, GraphBuilder, verifyGraph, type Graph } from '../graph/index.js';
import { elementCount, Random, tensor, toFloat64, type Tensor } from '../tensor/index.js';
import { cpuGraph } from './cpuGraph.js';
import { createNodeExecutor } from './ort-node.js';

interface Case {
  readonly shape: readonly [number, number, number, number];
  readonly spread: number;
  readonly blockSize: number;
  readonly bias: boolean;
  readonly kernel: number;
  readonly stride: number;
  readonly held: boolean;
}

const plain: Case = {
  shape: [1, 3, 4, 5],
  spread: 8,
  blockSize: 2,
  bias: true,
  kernel: 1,
  stride: 1,
  held: true,
};

function shuffled({ shape, spread, blockSize, bias, kernel, stride, held }: Case): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', shape);
  const weight = b[held ? 'param' : 'input']('weight', [spread, shape[1], kernel, kernel]);
  const offset = bias ? b.param('bias', [spread]) : null;
  const values = b.conv(x, weight, offset, { strides: [stride, stride] });
  const y = b.pixelShuffle(values, blockSize);
  // A residual sum after it, as in the networks that have one.
  return b.build({ y: b.add(y, b.relu(y)) });
}

const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);

/** Of inputs and params alike. */
function fedWith(graph: Graph): {
  readonly feeds: Map<string, Tensor>;
  weights: Map<string, Tensor>;
} {
  const random = Random.seeded(3);
  const normal = (shape: readonly number[]): Tensor =>
    tensor('float32', shape, random.normals(elementCount(shape)));
  const named = (values: Graph['inputs']): Map<string, Tensor> =>
    new Map(values.map(({ name, shape }) => [name, normal(shape)]));
  return { feeds: named(graph.inputs), weights: named(graph.params) };
}

describe('a 1x1 convolution before a pixel shuffle', () => {
  it.each<Partial<Case>>([
    {},
    { bias: false },
    { shape: [2, 5, 3, 2], spread: 27, blockSize: 3 },
    { shape: [1, 2, 3, 3], spread: 64 },
    { shape: [2, 1, 1, 1], spread: 16, blockSize: 4, bias: false },
  ])('is the same transposed: %j', async (change) => {
    const graph = shuffled({ ...plain, ...change });
    const fast = cpuGraph(graph);
    verifyGraph(fast);
    expect(opsOf(fast)).toContain('convTranspose');
    expect(opsOf(fast)).not.toContain('depthToSpace');
    const { feeds, weights } = fedWith(graph);
    const run = async (one: Graph): Promise<Float64Array> => {
      await using session = await createInterpreter().load(one, weights);
      return toFloat64((await session.run(Object.fromEntries(feeds))).y);
    };
    const [expected, found] = [await run(graph), await run(fast)];
    const worst = Math.max(...found.map((value, i) => Math.abs(value - expected[i])));
    expect(worst).toBeLessThan(1e-6);
  });

  it.each<[string, Partial<Case>]>([
    ['a larger kernel', { kernel: 3, shape: [1, 3, 6, 7] }],
    ['strides', { stride: 2, shape: [1, 3, 4, 6] }],
    ['a weight that is fed', { held: false }],
  ])('with %s stays as it is', (_, change) => {
    expect(opsOf(cpuGraph(shuffled({ ...plain, ...change })))).toContain('depthToSpace');
  });

  it('gives on the CPU what the graph says', async () => {
    const graph = shuffled({ ...plain, shape: [1, 64, 16, 12], spread: 192 });
    const { feeds, weights } = fedWith(graph);
    const run = async (executor: ReturnType<typeof createInterpreter>): Promise<Float64Array> => {
      await using session = await executor.load(graph, weights);
      return toFloat64((await session.run(Object.fromEntries(feeds))).y);
    };
    const [expected, found] = [await run(createInterpreter()), await run(createNodeExecutor())];
    const worst = Math.max(...found.map((value, i) => Math.abs(value - expected[i])));
    expect(worst).toBeLessThan(1e-4);
  });
});
