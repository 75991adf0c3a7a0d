import { describe, expect, it } from 'vitest';
import { GraphBuilder, verifyGraph, type Graph } from '../graph/index.js';
import { Random, tensor, toFloat64, type Tensor } from '../tensor/index.js';
import { cpuGraph } from './cpuGraph.js';
import { createNodeExecutor } from './ort-node.js';

interface Layer {
  readonly channels: number;
  readonly side: number;
  /** Whether the weight stays from run to run. */
  readonly held: boolean;
  readonly stride: number;
  readonly enlarged: boolean;
}

const large: Layer = { channels: 128, side: 128, held: true, stride: 1, enlarged: false };

function layer({ channels, side, held, stride, enlarged }: Layer): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', [1, channels, side, side]);
  const weight = b[held ? 'param' : 'input']('weight', [channels, channels, 3, 3]);
  const size = { height: side * 2, width: side * 2 };
  const source = enlarged ? b.apply('resize', [x], { mode: 'nearest', ...size }) : x;
  const bias = b.param('bias', [channels]);
  const y = b.conv(source, weight, bias, { strides: [stride, stride], pads: [1, 1, 1, 1] });
  b.tap('source', source, 1);
  return b.build({ y });
}

const has3x3 = ({ nodes }: Graph): boolean =>
  nodes.some(({ op, inputs }) => op === 'conv' && inputs[1].shape[3] === 3);

describe('cpuGraph', () => {
  it('rewrites large convolutions whose weights stay', () => {
    for (const enlarged of [false, true]) {
      const plain = layer({ ...large, enlarged });
      const fast = cpuGraph(plain);
      verifyGraph(fast);
      expect(has3x3(fast)).toBe(false);
      expect(fast.outputs.y.shape).toEqual(plain.outputs.y.shape);
      expect(fast.params.map(({ name }) => name)).toEqual(['weight', 'bias']);
      expect(fast.taps).toHaveLength(1);
    }
  });

  it.each([
    ['of few channels', { channels: 64 }],
    ['on small maps', { side: 64 }],
    ['with weights that are fed', { held: false }],
    ['with strides', { stride: 2 }],
  ])('leaves convolutions %s as they are', (_, change: Partial<Layer>) => {
    expect(has3x3(cpuGraph(layer({ ...large, ...change })))).toBe(true);
  });
});

it('the CPU computes the same either way, to rounding', async () => {
  const random = Random.seeded(1);
  const normals = (shape: readonly number[], scale: number): Tensor => {
    const values = random.normals(shape.reduce((a, n) => a * n, 1));
    return tensor(
      'float32',
      shape,
      values.map((value) => value * scale),
    );
  };
  const x = normals([1, 128, 128, 128], 1);
  const weight = normals([128, 128, 3, 3], 1 / 34);
  const bias = normals([128], 1);
  for (const enlarged of [false, true]) {
    const run = async (held: boolean): Promise<Float64Array> => {
      const weights = new Map(Object.entries({ bias, ...(held ? { weight } : {}) }));
      const graph = layer({ ...large, held, enlarged });
      await using session = await createNodeExecutor({ threads: 1 }).load(graph, weights);
      return toFloat64((await session.run(held ? { x } : { x, weight })).y);
    };
    const [fast, plain] = [await run(true), await run(false)];
    const [difference, norm] = [0, 1].map((part) =>
      Math.sqrt(fast.reduce((sum, v, i) => sum + (part === 0 ? v - plain[i] : plain[i]) ** 2, 0)),
    );
    expect(difference / norm).toBeLessThan(4e-6);
    expect(difference).toBeGreaterThan(0);
  }
});
