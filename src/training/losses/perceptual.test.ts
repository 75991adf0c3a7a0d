import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  GraphBuilder,
  type Value,
  createInterpreter,
  differentiate,
  evaluateGraph,
} from '../../graph/index.js';
import { maxPoolCeil } from '../../nn/index.js';
import {
  elementCount,
  float32,
  Random,
  tensor,
  toFloat64,
  type Tensor,
} from '../../tensor/index.js';
import { readSafetensorsFile } from '../../weights/safetensors-node.js';
import { openFeatureMaps } from './featureNetwork-node.js';
import { perceptualDistance, perceptualLoss, type FeatureMaps } from './perceptual.js';

const folder = new URL('../../../../shared/teachers/squeezenet1.1/', import.meta.url).pathname;
const isHere = existsSync(folder);

describe.skipIf(!isHere)('SqueezeNet 1.1 (skipped where its goldens are absent)', () => {
  it.each(['blur', 'noise', 'jpeg'])('gives the distance of the golden %s', async (name) => {
    const features = await openFeatureMaps(folder);
    const { tensors } = await readSafetensorsFile(`${folder}golden.safetensors`);
    const found = (key: string): Tensor => tensors.get(key) as Tensor;
    const batch = (key: string): Tensor =>
      tensor('float32', [1, ...found(key).shape.slice(-3)], found(key).data as Float32Array);
    const b = new GraphBuilder();
    const { shape } = batch('input');
    const distance = perceptualDistance(b, features, b.input('a', shape), b.input('b', shape));
    const feeds = { a: batch('input'), b: batch(name) };
    const results = await (
      await createInterpreter().load(b.build({ distance }), new Map())
    ).run(feeds);
    const [expected] = toFloat64(found(`${name}.distance`));
    expect(toFloat64(results.distance)[0] / expected).toBeCloseTo(1, 5);
  });
});

/** Two small layers in the place of a network. */
const features: FeatureMaps = (b, picture) => {
  const random = Random.seeded(3);
  const conv = (x: Value, channels: number, kernel: number, stride: number): Value => {
    const shape = [channels, x.shape[1], kernel, kernel];
    const weight = tensor('float32', shape, random.normals(elementCount(shape)));
    return b.relu(b.conv(x, b.constant(weight), null, { strides: [stride, stride] }));
  };
  const first = conv(picture, 4, 3, 2);
  return [first, conv(maxPoolCeil(b, first), 3, 1, 1)];
};

it('has the slope that finite differences have, at shifts and scales', () => {
  const shape = [2, 3, 23, 23];
  const count = elementCount(shape);
  const b = new GraphBuilder();
  const pictures = { prediction: b.input('prediction', shape), target: b.input('target', shape) };
  const graph = b.build({
    loss: perceptualLoss(b, features, pictures, { scales: [1, 0.5], shift: 3, window: 12 }),
  });
  const random = Random.seeded(1);
  const draw = (): Float32Array => random.normals(count).map((x) => 0.5 + 0.2 * x);
  const [at, target, along] = [draw(), tensor('float32', shape, draw()), random.normals(count)];
  const lossAt = (step: number): number => {
    const prediction = tensor(
      'float64',
      shape,
      Float64Array.from(at, (x, i) => x + step * along[i]),
    );
    return evaluateGraph(graph, { prediction, target }).loss[0];
  };
  const prediction = tensor('float32', shape, at);
  const slopes = evaluateGraph(differentiate(graph, 'loss', ['prediction']), {
    prediction,
    target,
  });
  const slope = slopes['grad:prediction'].reduce((sum, g, i) => sum + g * along[i], 0);
  expect(slope / ((lossAt(1e-6) - lossAt(-1e-6)) / 2e-6)).toBeCloseTo(1, 5);
});

it('pools what torch pools with ceil_mode', () => {
  const b = new GraphBuilder();
  const pooled = maxPoolCeil(b, b.input('x', [1, 1, 4, 6]));
  expect(pooled.shape).toEqual([1, 1, 2, 3]);
  const x = float32(
    [1, 1, 4, 6],
    Array.from({ length: 24 }, (_, i) => i),
  );
  expect([...evaluateGraph(b.build({ pooled }), { x }).pooled]).toEqual([14, 16, 17, 20, 22, 23]);
});
