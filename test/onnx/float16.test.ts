import { describe, expect, it } from 'vitest';
import { evaluateGraph, GraphBuilder, verifyGraph, type Graph } from '../../src/graph/index.js';
import {
  castToParams,
  encodeModel,
  isDelicate,
  toFloat16,
  toModelProto,
} from '../../src/onnx/index.js';
import { float32, fromFloat64, toFloat64, type Tensor } from '../../src/tensor/index.js';
import { runOnnx } from './runOnnx.js';
import { feedsOf, unetLevel, weightsOf } from './unetLevel.js';

/** The root mean square error of each output, over the root mean square of what float64 gives. */
async function relativeErrors(
  graph: Graph,
  half: Graph,
  weights: Map<string, Tensor>,
  feeds: Record<string, Tensor>,
): Promise<Record<string, number>> {
  const model = encodeModel(toModelProto(half, castToParams(half, weights)));
  const got = await runOnnx(model, feeds);
  const expected = evaluateGraph(graph, { ...feeds, ...Object.fromEntries(weights) });
  const rms = (x: Float64Array): number =>
    Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);
  return Object.fromEntries(
    Object.entries(expected).map(([name, wanted]) => {
      const found = toFloat64(got[name]);
      return [name, rms(found.map((value, i) => value - wanted[i])) / rms(wanted)];
    }),
  );
}

describe('toFloat16', () => {
  const graph = unetLevel();
  const half = toFloat16(graph);
  const weights = weightsOf(graph);
  const feeds = { ...feedsOf(graph), timestep: float32([1], [977]) };

  it('is a valid graph of the same inputs and outputs', () => {
    verifyGraph(half);
    const types = (g: Graph): unknown[] =>
      [...g.inputs, ...Object.values(g.outputs)].map(({ dtype, shape }) => [dtype, shape]);
    expect(types(half)).toEqual(types(graph));
    expect(half.taps.map(({ name }) => name)).toEqual(graph.taps.map(({ name }) => name));
  });

  it('computes products in float16 and statistics in float32', () => {
    const dtypes = (op: string): string[] => [
      ...new Set(half.nodes.filter((node) => node.op === op).map(({ output }) => output.dtype)),
    ];
    expect(dtypes('conv')).toEqual(['float16']);
    expect(dtypes('matmul')).toEqual(['float16']);
    for (const op of ['groupNorm', 'layerNorm', 'softmax', 'cos', 'sin']) {
      expect([op, dtypes(op)]).toEqual([op, ['float32']]);
    }
    const stored = (name: string): string | undefined =>
      half.params.find((param) => param.name === name)?.dtype;
    expect(stored('resnet.conv1.weight')).toBe('float16');
    expect(stored('resnet.norm1.weight')).toBe('float32');
  });

  it('agrees with float64 to the precision of float16', async () => {
    const errors = await relativeErrors(graph, half, weights, feeds);
    expect(errors.y).toBeLessThan(1e-3);
    // Rounded to float16 once, after the waves have been computed.
    expect(errors.embedding).toBeLessThan(2 ** -12);
  });

  it('keeps a timestep exact, which float16 throughout would not', async () => {
    const errors = await relativeErrors(
      graph,
      toFloat16(graph, () => false),
      weights,
      feeds,
    );
    expect(errors.embedding).toBeGreaterThan(1e-3);
  });

  it('does not overflow in the norms when activations are large', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', [1, 4, 8, 8]);
    const operands = [x, b.param('weight', [4]), b.param('bias', [4])];
    const normed = b.apply('groupNorm', operands, { groups: 2, eps: 1e-5 });
    const large = b.build({ y: b.conv(normed, b.param('conv', [4, 4, 1, 1]), null) });
    const errors = await relativeErrors(
      large,
      toFloat16(large),
      weightsOf(large),
      feedsOf(large, 10_000),
    );
    expect(errors.y).toBeLessThan(1e-3);
  });

  it('ends literals at the largest finite float16, so that a masked row stays finite', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', [2, 2]);
    const mask = b.constant(float32([2, 2], [0, -3.4e38, -3.4e38, -3.4e38]));
    const scores = b.add(b.matmul(x, x), mask);
    const masked = b.build({ y: b.apply('softmax', [scores], { axis: 1 }) });
    const half = toFloat16(masked, (node) => isDelicate(node) && node.op !== 'softmax');
    const model = encodeModel(toModelProto(half, new Map()));
    const { y } = await runOnnx(model, { x: float32([2, 2], [1, 2, 3, 4]) });
    const [open, closed, ...hidden] = toFloat64(y);
    expect([open, closed]).toEqual([1, 0]);
    expect(hidden[0] + hidden[1]).toBeCloseTo(1, 3);
  });

  it('names the weights that float16 cannot hold', () => {
    const b = new GraphBuilder();
    const graph = toFloat16(
      b.build({ y: b.conv(b.input('x', [1, 1, 1, 1]), b.param('w', [1, 1, 1, 1]), null) }),
    );
    const w = fromFloat64('float32', [1, 1, 1, 1], [1e6]);
    expect(() => castToParams(graph, new Map([['w', w]]))).toThrow(
      'values beyond the range of float16: w (1 elements, the largest 1000000)',
    );
  });
});
