import { describe, expect, it } from 'vitest';
import { createImage } from '../image/index.js';
import { restorer as network, type RestorerConfig } from '../models/index.js';
import { createNodeExecutor } from '../runtime/ort-node.js';
import { Random } from '../tensor/index.js';
import { initializeRestorer } from '../training/objectives/initialize.js';
import { interpolateWeights } from '../weights/index.js';
import { createRestorer } from './createRestorer.js';
import { chosenFidelity } from './fidelity.js';

const config: RestorerConfig = {
  ...{ scale: 2, inChannels: 3, baseChannels: 4, encoderLayers: 1, decoderLayers: 1 },
  ...{ blockOutChannels: [4], layersPerBlock: [1], actFn: 'relu' },
};
const graph = network(config, { batch: 1, height: 2, width: 2 });
const [weights, other] = [1, 2].map((seed) => initializeRestorer(graph, Random.seeded(seed)));
const image = createImage(
  12,
  10,
  3,
  Float32Array.from({ length: 360 }, (_, i) => (i % 17) / 17),
);

describe('the fidelity of a restorer', () => {
  it('is that of its weights, at the ends and between them, one after the other', async () => {
    const executor = createNodeExecutor({ threads: 1 });
    const faithful = { weights: other, default: 0.25 };
    await using both = createRestorer({ executor, config, weights, faithful });
    for (const fidelity of [0, 1, 0.5, undefined]) {
      const mixed = interpolateWeights(weights, other, fidelity ?? 0.25);
      await using plain = createRestorer({ executor, config, weights: mixed });
      const expected = await plain.restore(image);
      const options = fidelity === undefined ? {} : { fidelity };
      expect((await both.restore(image, options)).data).toEqual(expected.data);
    }
  });

  it('is refused beyond 0 to 1, and for a model with one set of weights', async () => {
    expect(() => chosenFidelity(1.2, 0.5)).toThrow(/^expected a fidelity from 0 .* got 1.2$/);
    expect(() => chosenFidelity(NaN, 0.5)).toThrow(/got NaN/);
    await using one = createRestorer({ executor: createNodeExecutor(), config, weights });
    await expect(one.restore(image, { fidelity: 0.5 })).rejects.toThrow(
      'expected no fidelity, as the model has one set of weights, got 0.5',
    );
  });
});
