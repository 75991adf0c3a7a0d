import { describe, expect, it } from 'vitest';
import { createInterpreter, type Graph } from '../graph/index.js';
import { restorer, type RestorerConfig } from '../models/index.js';
import { elementCount, float32, Random, toFloat64, zeros, type Weights } from '../tensor/index.js';
import { flattenRestorer } from './flattenRestorer.js';

const three: RestorerConfig = {
  scale: 2,
  inChannels: 3,
  baseChannels: 4,
  encoderLayers: 1,
  decoderLayers: 1,
  blockOutChannels: [4, 6, 8],
  layersPerBlock: [1, 1, 1],
  actFn: 'relu',
};
const two: RestorerConfig = { ...three, blockOutChannels: [4, 6], layersPerBlock: [1, 2] };
const size = { batch: 1, height: 48, width: 48 };

/** As `silent` makes sure, the coarsest level sends nothing up. */
function randomWeights({ params }: Graph, silent: RegExp): Weights {
  const random = Random.seeded(1);
  return new Map(
    params.map(({ name, shape }) => {
      const drawn = float32(
        shape,
        random.normals(elementCount(shape)).map((v) => v / 4),
      );
      return [name, silent.test(name) ? zeros('float32', shape) : drawn];
    }),
  );
}

async function run(network: Graph, weights: Weights): Promise<Float64Array> {
  const sample = float32([1, 3, 48, 48], Random.seeded(3).normals(3 * 48 * 48));
  await using session = await createInterpreter().load(network, weights);
  return toFloat64((await session.run({ sample })).out_sample);
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}

describe('flattenRestorer', () => {
  const graph = restorer(three, size);
  const flat = restorer(two, size);

  it('gives what a network of one level fewer has', () => {
    const weights = flattenRestorer(randomWeights(graph, /^$/));
    const shapes = [...weights].map(([name, { shape }]) => `${name} ${shape.join('x')}`);
    expect(shapes.sort()).toEqual(
      flat.params.map(({ name, shape }) => `${name} ${shape.join('x')}`).sort(),
    );
  });

  it('computes the same where the coarsest level sends nothing up', async () => {
    const weights = randomWeights(graph, /up_blocks\.(0\.upsampler|1\.route\.bias)/);
    const before = await run(graph, weights);
    const after = await run(flat, flattenRestorer(weights, 0));
    expect(largestDifference(before, after)).toBeLessThan(1e-3);
    expect(before.some((value) => Math.abs(value) > 1)).toBe(true);
  });

  it('puts biases of the route and of the coarsest level where they belong', async () => {
    const weights = new Map(randomWeights(graph, /up_blocks\.0\.upsampler\.weight/));
    // Alike for the pixels of a coarse pixel.
    const bias = float32(
      [24],
      Float64Array.from({ length: 24 }, (_, i) => Math.floor(i / 4) / 8),
    );
    weights.set('unet.up_blocks.0.upsampler.bias', bias);
    const [before, after] = [
      await run(graph, weights),
      await run(flat, flattenRestorer(weights, 0)),
    ];
    // The middle of 96x96 pixels, which no border reaches.
    const central = (i: number): boolean => Math.abs(i - 48) < 2;
    const middle = (values: Float64Array): Float64Array =>
      values.filter((_, i) => central(i % 96) && central(Math.floor(i / 96) % 96));
    expect(largestDifference(middle(before), middle(after))).toBeLessThan(1e-3);
  });

  it('refuses a U-Net of one level', () => {
    const one = restorer({ ...three, blockOutChannels: [4], layersPerBlock: [1] }, size);
    expect(() => flattenRestorer(randomWeights(one, /^$/))).toThrow(
      'expected a U-Net of two or more levels, got 1',
    );
  });
});
