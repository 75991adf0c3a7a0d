import { describe, expect, it } from 'vitest';
import { GraphBuilder, verifyGraph, type Graph } from '../graph/index.js';
import { Random, tensor, toFloat64, type Tensor } from '../tensor/index.js';
import { createNodeExecutor } from './ort-node.js';
import { wasmGraph } from './wasmGraph.js';

interface Layer {
  readonly channels: number;
  readonly side: number;
  /** Whether the weight stays from run to run. */
  readonly held: boolean;
  readonly stride: number;
  readonly enlarged: boolean;
}

const large: Layer = { channels: 48, side: 34, held: true, stride: 1, enlarged: false };

function layer({ channels, side, held, stride, enlarged }: Layer): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', [1, channels, side, side]);
  const weight = b[held ? 'param' : 'input']('weight', [channels, channels, 3, 3]);
  const size = { height: side * 2, width: side * 2 };
  const source = enlarged ? b.apply('resize', [x], { mode: 'nearest', ...size }) : x;
  const options = { strides: [stride, stride], pads: [1, 1, 1, 1] } as const;
  return b.build({ y: b.relu(b.conv(source, weight, b.param('bias', [channels]), options)) });
}

const has3x3 = ({ nodes }: Graph): boolean =>
  nodes.some(({ op, inputs }) => op === 'conv' && inputs[1].shape[2] === 3);

describe('wasmGraph', () => {
  it('rewrites convolutions whose weights stay', () => {
    const plain = layer(large);
    const fast = wasmGraph(plain);
    verifyGraph(fast);
    expect(has3x3(fast)).toBe(false);
    expect(fast.outputs.y.shape).toEqual(plain.outputs.y.shape);
    expect(fast.params.map(({ name }) => name)).toEqual(['weight', 'bias']);
  });

  it.each([
    ['of few channels', { channels: 16 }],
    ['on small maps', { side: 24 }],
    ['with weights that are fed', { held: false }],
    ['with strides', { stride: 2 }],
    ['of enlarged maps', { enlarged: true }],
  ])('leaves convolutions %s as they are', (_, change: Partial<Layer>) => {
    expect(has3x3(wasmGraph(layer({ ...large, ...change })))).toBe(true);
  });

  it('divides large maps into strips', () => {
    const parts = wasmGraph(layer({ ...large, side: 512 })).nodes.filter(
      ({ op }) => op === 'concat',
    );
    expect(parts.map(({ inputs }) => inputs.length)).toEqual([13]);
  });
});

it('a runtime computes the same either way, to rounding', async () => {
  const random = Random.seeded(1);
  const normals = (shape: readonly number[], scale: number): Tensor => {
    const values = random.normals(shape.reduce((a, n) => a * n, 1));
    return tensor(
      'float32',
      shape,
      values.map((value) => value * scale),
    );
  };
  const plain = layer(large);
  const x = normals([1, 48, 34, 34], 1);
  const weights = new Map([
    ['weight', normals([48, 48, 3, 3], 1 / 21)],
    ['bias', normals([48], 1)],
  ]);
  const run = async (graph: Graph): Promise<Float64Array> => {
    await using session = await createNodeExecutor({ threads: 1 }).load(graph, weights);
    return toFloat64((await session.run({ x })).y);
  };
  const [actual, expected] = [await run(wasmGraph(plain)), await run(plain)];
  const furthest = actual.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i])), 0);
  expect(furthest).toBeLessThan(1e-5);
});
