import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writePictures } from '../../../../test/training/pictures.js';
import { createNodeExecutor } from '../../../runtime/ort-node.js';
import { readImage } from '../../../image/sharp-node.js';
import {
  autoencoderKLDecoder,
  autoencoderKLEncoder,
  type AutoencoderKLConfig,
} from '../../../models/index.js';
import { Random, zeros, type Tensor, type Weights } from '../../../tensor/index.js';
import { validateAutoencoder } from './validation-node.js';
import { initializeAutoencoder } from './initialize.js';
import { measureScalingFactor } from '../../latents/latentScale-node.js';
import type { PhotoFile } from '../../data/photoFile.js';
import { listPhotos, readPhotoFile } from '../../data/photoFolder-node.js';
import { meanScore } from '../../validation/validation.js';

const config: AutoencoderKLConfig = {
  inChannels: 3,
  outChannels: 3,
  latentChannels: 2,
  blockOutChannels: [4, 4],
  layersPerBlock: 1,
  normNumGroups: 2,
  midBlockAddAttention: false,
  scalingFactor: 1,
};
const params = [
  autoencoderKLEncoder(config, { batch: 1, height: 4, width: 4 }),
  autoencoderKLDecoder(config, { batch: 1, height: 2, width: 2 }),
].flatMap((graph) => graph.params);
/** Decodes to 0, which is the middle gray. */
const gray: Weights = new Map<string, Tensor>(
  params.map(({ name, shape }) => [name, zeros('float32', shape)]),
);
const network = { className: 'AutoencoderKL' as const, config };
const executor = createNodeExecutor({ threads: 1 });

let folder: string;
let photos: PhotoFile[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-vae-'));
  await writePictures(join(folder, 'photos'), 2, 265);
  photos = await listPhotos([join(folder, 'photos')]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('scores whole pictures of odd sides, and shows some', async () => {
  const pictures = join(folder, 'shown');
  const plan = { network, sets: new Map([['waves', photos]]), pictures: 1 };
  const report = await validateAutoencoder(executor, gray, plan, { step: 3, pictures });
  const images = await Promise.all(photos.map(readPhotoFile));
  const expected = images.map(({ data }) => {
    const squares = data.reduce((sum, value) => sum + (value - Math.round(127.5) / 255) ** 2, 0);
    return -10 * Math.log10(squares / data.length);
  });
  expect(report).toMatchObject({
    step: 3,
    validation: { waves: { images: 2 } },
  });
  expect(report && meanScore(report)).toBeCloseTo((expected[0] + expected[1]) / 2, 3);
  expect(await readdir(pictures)).toEqual(['waves-photo-0.png']);
  const shown = await readImage(join(pictures, 'waves-photo-0.png'));
  expect([shown.width, shown.height]).toEqual([530, 265]);
});

it('gives nothing when it is stopped', async () => {
  const plan = { network, sets: new Map([['waves', photos]]), pictures: 0 };
  const options = { step: 1, pictures: null, signal: AbortSignal.abort() };
  expect(await validateAutoencoder(executor, gray, plan, options)).toBeNull();
});

it('measures what brings latents to a deviation of one', async () => {
  const graph = { inputs: [], params, nodes: [], outputs: {}, taps: [] };
  const weights = initializeAutoencoder(graph, config, Random.seeded(1));
  const crops = { photos, side: 256 };
  const factor = await measureScalingFactor(executor, weights, config, crops);
  const scale = weights.get('quant_conv.weight');
  scale?.data.set(scale.data.map((value) => value * 4));
  expect(await measureScalingFactor(executor, weights, config, crops)).toBeCloseTo(factor / 4, 3);
  await expect(
    measureScalingFactor(executor, weights, config, { photos, side: 300 }),
  ).rejects.toThrow('expected photographs of at least 300 x 300 pixels');
});
