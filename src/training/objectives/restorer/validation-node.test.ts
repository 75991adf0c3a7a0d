import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wavesPicture } from '../../../../test/training/pictures.js';
import { createInterpreter } from '../../../graph/index.js';
import {
  createImage,
  cropImage,
  imresize,
  quantizeImage,
  resizeNearest,
  type Image,
} from '../../../image/index.js';
import { readImage, writeImage } from '../../../image/sharp-node.js';
import { restorer, restorerConfig, restorerConfigSchema } from '../../../models/index.js';
import { weightsFileName } from '../../../models/modelFolder-node.js';
import { zeros, type Weights } from '../../../tensor/index.js';
import { keepIfBetter, readBestReport } from '../../loop/bestModel-node.js';
import type { ValidationOptions } from '../objective.js';
import { validateRestorer, type RestorerValidation } from './validation-node.js';
import { meanScore } from '../../validation/validation.js';
import { listPairSets } from '../../validation/validationSets-node.js';

const model = restorerConfigSchema.parse({
  _class_name: 'OneStepRestorer',
  scale: 2,
  base_channels: 2,
  encoder_layers: 0,
  decoder_layers: 0,
  block_out_channels: [2],
  layers_per_block: [0],
});
/** All zeros: the network then is its nearest-neighbour enlargement. */
const weights: Weights = new Map(
  restorer(restorerConfig(model), { batch: 1, height: 4, width: 4 }).params.map(
    ({ name, shape }) => [name, zeros('float32', shape)],
  ),
);

let folder: string;
let samples: Image[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-validation-'));
  // An odd size, which has to be padded, and an even one.
  samples = [wavesPicture(15, 13, 1), wavesPicture(16, 12, 2)].map(quantizeImage);
  for (const [i, sample] of samples.entries()) {
    const target = shifted(resizeNearest(sample, { scale: 2 }), i + 1);
    await writeImage(join(folder, `${i}_LR.png`), sample);
    await writeImage(join(folder, `${i}_HR.png`), target);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Every channel darker by some of the 256 levels: 219/255 of that in studio luma. */
function shifted(image: Image, levels: number): Image {
  return { ...image, data: image.data.map((value) => value - levels / 255) };
}

const pairOf = (i: number) => ({
  name: String(i),
  hr: join(folder, `${i}_HR.png`),
  lr: join(folder, `${i}_LR.png`),
});

const plan = (pictures = 0): RestorerValidation => ({
  model,
  sets: new Map([
    ['both', [pairOf(0), pairOf(1)]],
    ['first', [pairOf(0)]],
  ]),
  pictures,
});

const validate = (plan: RestorerValidation, options: Partial<ValidationOptions> = {}) =>
  validateRestorer(createInterpreter(), weights, plan, { step: 1, pictures: null, ...options });

/** The PSNR of a luma that is off by as much everywhere. */
const psnrOf = (levels: number): number => 20 * Math.log10(255 / ((219 / 255) * levels));

describe('validateRestorer', () => {
  it('scores whole pictures of any size, set by set', async () => {
    const report = await validate(plan(), { step: 7 });
    expect(report?.step).toBe(7);
    expect(report?.validation.both.images).toBe(2);
    expect(report?.validation.both).toHaveProperty(
      'psnrY',
      expect.closeTo((psnrOf(1) + psnrOf(2)) / 2, 3),
    );
    expect(report?.validation.first).toHaveProperty('psnrY', expect.closeTo(psnrOf(1), 3));
    expect(report && meanScore(report)).toBeCloseTo(0.75 * psnrOf(1) + 0.25 * psnrOf(2), 3);
  });

  it('writes the first pictures of each set: enlarged input, result, target', async () => {
    const pictures = join(folder, 'pictures');
    await validate(plan(1), { pictures });
    expect((await readdir(pictures)).sort()).toEqual(['both-0.png', 'first-0.png']);
    const picture = await readImage(join(pictures, 'both-0.png'));
    const part = (i: number): Image => cropImage(picture, i * 30, 0, 30, 26);
    expect([picture.width, picture.height]).toEqual([90, 26]);
    expect(part(0)).toEqual(quantizeImage(imresize(samples[0], { width: 30, height: 26 })));
    expect(part(1)).toEqual(resizeNearest(samples[0], { scale: 2 }));
    expect(part(2)).toEqual(await readImage(join(folder, '0_HR.png')));
  });

  it('names a pair whose sizes do not fit', async () => {
    const pair = { ...pairOf(0), hr: pairOf(1).hr };
    const sets = new Map([['odd', [pair]]]);
    const report = validate({ ...plan(), sets });
    await expect(report).rejects.toThrow(
      `${pair.hr}: expected 30x26, 2 times ${pair.lr}, got 32x24`,
    );
  });

  it('names a picture that is smaller than its border', async () => {
    const [hr, lr] = ['small-hr.png', 'small-lr.png'].map((name) => join(folder, name));
    await writeImage(hr, createImage(4, 4, 3));
    await writeImage(lr, createImage(2, 2, 3));
    const report = validate({ ...plan(), sets: new Map([['a', [{ name: 'small', hr, lr }]]]) });
    await expect(report).rejects.toThrow(`${hr}: expected an image larger than its cropped border`);
  });

  it('does not let a picture that comes back whole hide the others', async () => {
    const [hr, lr] = ['flat-hr.png', 'flat-lr.png'].map((name) => join(folder, name));
    await writeImage(hr, createImage(32, 32, 3));
    await writeImage(lr, createImage(16, 16, 3));
    const sets = new Map([['a', [pairOf(0), { name: 'flat', hr, lr }]]]);
    const report = await validate({ ...plan(), sets });
    expect(report?.validation.a).toHaveProperty('psnrY', expect.closeTo(psnrOf(1), 3));
  });

  it('gives nothing when it is stopped', async () => {
    const signal = AbortSignal.abort();
    expect(await validate(plan(), { signal })).toBeNull();
  });
});

describe('listPairSets', () => {
  it('pairs the pictures of each set', async () => {
    const sets = await listPairSets({ sets: { both: { hr: folder, lr: folder } } });
    expect(sets.get('both')).toEqual([pairOf(0), pairOf(1)]);
    expect(await listPairSets(undefined)).toEqual(new Map());
  });

  it('names every set that cannot be paired', async () => {
    const missing = join(folder, 'missing');
    const listing = listPairSets({
      sets: { a: { hr: missing, lr: folder }, b: { hr: folder, lr: missing } },
    });
    await expect(listing).rejects.toThrow(
      /^validation\.sets\.a: .*missing.*\nvalidation\.sets\.b: .*missing/,
    );
  });
});

describe('keepIfBetter', () => {
  const report = (step: number, psnrY: number) => ({
    step,
    validation: { set5: { psnrY, images: 5 } },
    ms: 1,
  });

  it('keeps the model with the highest score', async () => {
    const best = join(folder, 'best');
    expect(await readBestReport(best)).toBeNull();
    expect(await keepIfBetter(best, model, weights, report(1, 30))).toBe(true);
    expect(await keepIfBetter(best, model, weights, report(2, 29))).toBe(false);
    expect(await keepIfBetter(best, model, weights, report(3, 30))).toBe(false);
    expect(await keepIfBetter(best, model, weights, report(4, 31))).toBe(true);
    expect(await readBestReport(best)).toEqual(report(4, 31));
    expect((await readdir(best)).sort()).toEqual(['config.json', weightsFileName, 'metrics.json']);
  });

  it('names a score that cannot be read', async () => {
    const path = join(folder, 'metrics.json');
    await writeFile(path, '{');
    await expect(readBestReport(folder)).rejects.toThrow(`${path}: expected JSON`);
  });
});
