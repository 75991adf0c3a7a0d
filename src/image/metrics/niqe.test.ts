import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Random, tensor } from '../../tensor/index.js';
import { readSafetensorsFile } from '../../weights/safetensors-node.js';
import { createImage, type Image } from '../image.js';
import { gaussianBlur } from '../degradations/operators/filter.js';
import { readImage } from '../sharp-node.js';
import { niqeBlocks } from './niqeFeatures.js';
import {
  fitNiqeModel,
  niqe,
  niqeModelFromWeights,
  niqeModelToWeights,
  pristineFeatures,
  type NiqeModel,
} from './niqe.js';

const shipped = fileURLToPath(
  new URL('../../../models/niqe/pristine.safetensors', import.meta.url),
);
const goldens = fileURLToPath(
  new URL('../../../../shared/goldens/image_metrics/', import.meta.url),
);

async function readModel(path: string): Promise<NiqeModel> {
  return niqeModelFromWeights((await readSafetensorsFile(path)).tensors);
}

/** Normal noise about mid-gray. */
function noise(width: number, height: number): Image {
  const values = Random.seeded(7).normals(width * height);
  return createImage(
    width,
    height,
    1,
    values.map((value) => 0.5 + 0.1 * value),
  );
}

describe('features', () => {
  it('of Gaussian noise have the shape of a Gaussian', () => {
    const luma = noise(192, 96).data.map((value) => value * 255);
    const blocks = niqeBlocks(luma, 192, 96);
    expect(blocks).toHaveLength(2);
    for (const { features } of blocks) {
      expect(features).toHaveLength(36);
      // The local normalisation flattens the tails: a shape somewhat above 2.
      expect(features[0]).toBeGreaterThan(2);
      expect(features[0]).toBeLessThan(4);
    }
  });

  it('of a flat block are undefined', () => {
    const [block] = niqeBlocks(new Float32Array(96 * 96).fill(131), 96, 96);
    expect(block.features[1]).toBeNaN();
    expect(block.sharpness).toBeLessThan(0.1);
  });

  it('do not exist for less than a block', () => {
    expect(niqeBlocks(new Float32Array(96 * 95), 96, 95)).toEqual([]);
  });
});

describe('the model', () => {
  it('is fitted to the mean and covariance of the blocks where they are defined', () => {
    const rows = [1, 2, 6].map((value) => new Float64Array(36).fill(value));
    rows[2][35] = NaN;
    const model = fitNiqeModel(rows);
    expect(model.mean[0]).toBe(3);
    expect(model.mean[35]).toBe(1.5);
    expect(model.covariance[0]).toBeCloseTo(0.5, 12);
  });

  it('survives the way to a file', () => {
    const model = fitNiqeModel(pristineFeatures(noise(384, 192)));
    expect(niqeModelFromWeights(niqeModelToWeights(model))).toEqual(model);
  });

  it('says what is wrong with a file', () => {
    expect(() => niqeModelFromWeights(new Map())).toThrow(
      'mu_pris_param: expected [1, 36] of a NIQE model, got no such tensor',
    );
    const misshapen = tensor('float64', [36], new Float64Array(36));
    expect(() => niqeModelFromWeights(new Map([['mu_pris_param', misshapen]]))).toThrow(
      'mu_pris_param: expected [1, 36] of a NIQE model, got [36]',
    );
  });
});

describe('niqe', () => {
  it('is undefined for less than two blocks', async () => {
    expect(niqe(noise(191, 96), await readModel(shipped))).toBeNaN();
  });

  it('finds noise and blurred noise unlike a photograph', async () => {
    const pristine = await readModel(shipped);
    expect(niqe(noise(288, 192), pristine)).toBeGreaterThan(8);
    expect(niqe(gaussianBlur(noise(288, 192), 9, 1.5), pristine)).toBeGreaterThan(6);
  });

  it.skipIf(!existsSync(goldens))('ranks pictures as the original model does', async () => {
    const ours = await readModel(shipped);
    const original = await readModel(`${goldens}niqe_pris_params.safetensors`);
    const pairs: [number, number][] = [];
    for (const name of readdirSync(goldens).filter((file) => file.endsWith('.png'))) {
      const image = await readImage(goldens + name);
      pairs.push([niqe(image, original), niqe(image, ours)]);
    }
    expect(pairs.length).toBeGreaterThan(10);
    expect(correlation(pairs)).toBeGreaterThan(0.9);
  });
});

function correlation(pairs: readonly (readonly [number, number])[]): number {
  const mean = (side: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
  const [x, y] = [mean(0), mean(1)];
  const moment = (a: 0 | 1, b: 0 | 1, ma: number, mb: number) =>
    pairs.reduce((sum, pair) => sum + (pair[a] - ma) * (pair[b] - mb), 0);
  return moment(0, 1, x, y) / Math.sqrt(moment(0, 0, x, x) * moment(1, 1, y, y));
}
