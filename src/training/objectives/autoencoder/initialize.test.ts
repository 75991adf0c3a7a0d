import { expect, it } from 'vitest';
import { createInterpreter, type Feeds, type Graph } from '../../../graph/index.js';
import { autoencoderKLDecoder, autoencoderKLEncoder } from '../../../models/index.js';
import { Random, tensor, toFloat64, type Weights } from '../../../tensor/index.js';
import { initializeAutoencoder } from './initialize.js';

const config = {
  ...{ inChannels: 3, outChannels: 3, latentChannels: 4, blockOutChannels: [16, 24] },
  ...{ layersPerBlock: 1, normNumGroups: 4, midBlockAddAttention: false, scalingFactor: 1 },
};
const side = 16;
const encoder = autoencoderKLEncoder(config, { batch: 1, height: side, width: side });
const decoder = autoencoderKLDecoder(config, { batch: 1, height: side / 2, width: side / 2 });
const params = { ...encoder, params: [...encoder.params, ...decoder.params] };

async function run(graph: Graph, weights: Weights, feeds: Feeds): Promise<Feeds> {
  await using session = await createInterpreter().load(graph, weights);
  return await session.run(feeds);
}

/** Waves, each colour with its own brightness and contrast. */
function picture(contrast: number): Float32Array {
  return Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const colour = Math.floor(i / side ** 2);
    const [x, y] = [i % side, Math.floor(i / side) % side];
    return 0.3 * (colour - 1) + contrast * Math.sin(x / 4 + colour) * Math.cos(y / 5);
  });
}

/** Mean absolute error inside the picture: zeros around it darken its border. */
function innerError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [i % side, Math.floor(i / side) % side];
    if (Math.min(x, y, side - 1 - x, side - 1 - y) < 3) continue;
    sum += Math.abs(a[i] - b[i]);
    count++;
  }
  return sum / count;
}

it.each([0.1, 0.5])('starts by giving pictures of contrast %f back', async (contrast) => {
  const weights = initializeAutoencoder(params, config, Random.seeded(1));
  const sample = picture(contrast);
  const shape = [1, 3, side, side];
  const { latent_parameters } = await run(encoder, weights, {
    sample: tensor('float32', shape, sample),
  });
  const moments = toFloat64(latent_parameters);
  const cells = (side / 2) ** 2;
  const mean = Float32Array.from(moments.subarray(0, 4 * cells));
  expect(Math.max(...moments.subarray(4 * cells))).toBeLessThan(-2);
  const latent = tensor('float32', [1, 4, side / 2, side / 2], mean);
  const decoded = toFloat64((await run(decoder, weights, { latent_sample: latent })).sample);
  expect(innerError(decoded, sample)).toBeLessThan(0.15 * contrast + 0.03);
});

it('starts at random where groups have no room for colours', () => {
  const narrow = { ...config, blockOutChannels: [8, 8] };
  const size = { batch: 1, height: 8, width: 8 };
  const graph = autoencoderKLEncoder(narrow, size);
  const weights = initializeAutoencoder(graph, narrow, Random.seeded(1));
  const rows = [...(weights.get('encoder.conv_in.weight')?.data ?? [])];
  expect(rows.filter((weight) => weight === 0)).toEqual([]);
});
