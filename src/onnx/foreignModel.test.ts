import { describe, expect, it } from 'vitest';
import { createInterpreter, GraphBuilder, type Value } from '../graph/index.js';
import { foreignRestorer, receptiveReach } from '../models/index.js';
import { float32, toFloat32 } from '../tensor/index.js';
import { foreignOnnxNetwork } from './foreignModel.js';
import { toModelProto } from './model.js';

/** An ONNX model of one size whose body is `build`. */
function modelOf(shape: readonly number[], build: (b: GraphBuilder, x: Value) => Value) {
  const b = new GraphBuilder();
  const graph = b.build({ y: build(b, b.input('x', shape)) });
  return toModelProto(graph, new Map());
}
const open = (...args: Parameters<typeof modelOf>) =>
  foreignOnnxNetwork(modelOf(...args), createInterpreter());

describe('what an ONNX model does not say', () => {
  it('is its scale, its colours and its only size, by inferring shapes', async () => {
    const resize = { mode: 'nearest', height: 24, width: 30 } as const;
    const network = await open([1, 1, 8, 10], (b, x) => b.apply('resize', [x], resize));
    expect(network).toMatchObject({ scale: 3, inChannels: 1, outChannels: 1, multiple: 1 });
    expect(network.fixedSize).toEqual({ width: 10, height: 8 });
  });

  it('is that channels are last', async () => {
    const network = await open([1, 6, 4, 3], (b, x) => b.scale(x, 1));
    const graph = network.graph({ batch: 1, height: 6, width: 4 });
    expect(graph.inputs[0].shape).toEqual([1, 3, 6, 4]);
    const picture = Float32Array.from({ length: 72 }, (_, i) => i / 72);
    await using session = await createInterpreter().load(graph, network.weights);
    const { out_sample: out } = await session.run({ sample: float32([1, 3, 6, 4], picture) });
    toFloat32(out).forEach((value, i) => expect(value).toBeCloseTo(picture[i], 6));
  });

  it.each([
    ['0 to 1', 0, 1, [0, 1]],
    ['0 to 255', 5, 255, [0, 255]],
  ])('is that values go from %s, by what a picture becomes', async (_, min, max, range) => {
    const network = await open([1, 3, 8, 8], (b, x) => b.apply('clip', [x], { min, max }));
    expect(network.valueRange).toEqual(range);
  });

  it.each<[string, readonly number[], (b: GraphBuilder, x: Value) => Value, string]>([
    ['a vector', [1, 7], (_, x) => x, 'expected an input of [N, 1, 3 or 4, H, W], got x [1, 7]'],
    ['a half', [1, 3, 8, 8], (b, x) => b.sliceAxis(x, 2, 0, 4), 'whole number of times the size'],
    ['a feature', [1, 3, 8, 8], (b, x) => b.concat([x, x], 1), 'whole number of times the size'],
  ])('is refused where it gives or takes %s', async (_, shape, build, problem) => {
    await expect(open(shape, build)).rejects.toThrow(problem);
  });
});

it('tells how far a network looks, through strides and shuffles', () => {
  const reachOf = (build: (b: GraphBuilder, x: Value) => Value): number => {
    const b = new GraphBuilder();
    return receptiveReach(b.build({ y: build(b, b.input('x', [1, 1, 16, 16])) }));
  };
  const conv = (b: GraphBuilder, x: Value, name: string): Value =>
    b.conv(x, b.param(name, [x.shape[1], x.shape[1], 3, 3]), null, { pads: [1, 1, 1, 1] });
  expect(reachOf((b, x) => conv(b, conv(b, x, 'v'), 'w'))).toBe(2);
  expect(reachOf((b, x) => conv(b, b.pixelUnshuffle(x, 2), 'w'))).toBe(3);
  expect(reachOf((b, x) => b.sub(x, b.reduceMean(x, [2, 3])))).toBe(Infinity);
});

it('keeps the overlap of tiles small where a network looks at everything', async () => {
  const network = await open([1, 3, 32, 32], (b, x) => b.sub(x, b.reduceMean(x, [2, 3])));
  expect(foreignRestorer(network)).toMatchObject({ reach: 4, largest: { width: 32, height: 32 } });
});
