import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePictures } from '../../../test/training/pictures.js';
import { degradationSchema, type Degradation } from '../../image/index.js';
import { openPhotoBatches, type PhotoBatchOptions } from './photoBatches-node.js';
import { uprightPhotos, type PhotoFile } from './photoFile.js';
import { listPhotos, photosFingerprint } from './photoFolder-node.js';

let folder: string;
let photos: PhotoFile[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-photos-'));
  photos = uprightPhotos(await writePictures(join(folder, 'good'), 3, 75));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const bicubic: Degradation = { kind: 'bicubic', scale: 4 };
const noisy: Degradation = degradationSchema.parse({
  kind: 'sequence',
  scale: 4,
  steps: [
    { kind: 'noise', sigma: [1, 3], gray: 0 },
    { kind: 'jpeg', quality: [90, 95] },
  ],
});
const options = (changes: Partial<PhotoBatchOptions> = {}): PhotoBatchOptions => ({
  photos,
  sampleSize: 8,
  scale: 4,
  degradation: bicubic,
  seed: 1,
  cacheBytes: 1e8,
  ...changes,
});
const open = (changes: Partial<PhotoBatchOptions> = {}) =>
  openPhotoBatches(options(changes), () => undefined);

/** Means of the target's blocks that one degraded pixel covers. */
function blockMeans(target: Float32Array, side: number, scale: number): Float32Array {
  const wide = side * scale;
  const means = new Float32Array(target.length / scale ** 2);
  for (let i = 0; i < target.length; i++) {
    const [plane, y, x] = [Math.floor(i / wide ** 2), Math.floor(i / wide) % wide, i % wide];
    const to = (plane * side + Math.floor(y / scale)) * side + Math.floor(x / scale);
    means[to] += target[i] / scale ** 2;
  }
  return means;
}

const largestDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);

describe.each([
  ['bicubic, of the whole photograph', bicubic],
  ['a random sequence, of each crop', noisy],
])('batches degraded by %s', (_, degradation) => {
  it('depend on the index alone, not on how they are read', async () => {
    const whole = await open({ degradation }).read(4, 4);
    const batches = open({ degradation, cacheBytes: 1 });
    const [second, first] = [await batches.read(6, 2), await batches.read(4, 2)];
    for (const key of ['sample', 'target'] as const) {
      const parts = [...first[key].data, ...second[key].data];
      expect([...whole[key].data]).toEqual(parts);
    }
  });

  it('differ from index to index and from seed to seed', async () => {
    const { target } = await open({ degradation }).read(0, 8);
    const crops = Array.from({ length: 8 }, (_, i) => target.data.slice(i * 3072, (i + 1) * 3072));
    expect(new Set(crops.map((crop) => crop.join())).size).toBe(8);
    const other = await open({ degradation, seed: 2 }).read(0, 8);
    expect(other.target.data).not.toEqual(target.data);
  });

  it('lie over their targets, in every orientation', async () => {
    const { sample, target } = await open({ degradation }).read(0, 32);
    expect(sample.shape).toEqual([32, 3, 8, 8]);
    expect(target.shape).toEqual([32, 3, 32, 32]);
    const means = blockMeans(target.data, 8, 4);
    // The waves have no detail that shrinking loses; a crop off by a pixel would miss by 0.1.
    expect(largestDifference(sample.data, means)).toBeLessThan(0.03);
  });
});

it('are the crops themselves where nothing is degraded', async () => {
  const { sample, target } = await open({ degradation: null, scale: 1 }).read(0, 3);
  expect(sample).toBe(target);
  expect(sample.shape).toEqual([3, 3, 8, 8]);
});

describe('of several candidates', () => {
  /** The mean step between neighbours in a row of the targets. */
  async function steps(candidates: number): Promise<number> {
    const { target } = await open({ candidates }).read(0, 64);
    const { data } = target;
    return data.reduce((sum, v, i) => sum + (i % 32 ? Math.abs(v - data[i - 1]) : 0), 0);
  }

  it('the most detailed crops are taken', async () => {
    const [one, four] = [await steps(1), await steps(4)];
    expect(four).toBeGreaterThan(1.05 * one);
  });

  it('they are the same every time', async () => {
    const [all, last] = [open({ candidates: 3 }), open({ candidates: 3, cacheBytes: 1 })];
    const [{ sample }, part] = [await all.read(0, 4), await last.read(3, 1)];
    expect(sample.data.slice(-192)).toEqual(part.sample.data);
  });
});

describe('photographs that cannot be used', () => {
  it('are named once and left out', async () => {
    const bad = join(folder, 'bad');
    const [small] = await writePictures(bad, 1, 20);
    const damaged = join(bad, 'damaged.jpg');
    await writeFile(damaged, 'no image at all');
    const warnings: string[] = [];
    const list = [...uprightPhotos([damaged, small]), ...photos];
    const batches = openPhotoBatches(options({ photos: list }), (line) => warnings.push(line));
    const first = await batches.read(0, 30);
    const again = await batches.read(0, 30);
    expect(first.sample.data).toEqual(again.sample.data);
    expect(warnings.sort()).toEqual([
      expect.stringContaining(`${damaged}: `),
      `${small}: expected at least 32 x 32 pixels, got 20 x 20; the photograph is left out`,
    ]);
  });

  it('are an error where there are no others', async () => {
    const bad = uprightPhotos(await writePictures(join(folder, 'small'), 2, 20));
    await expect(open({ photos: bad }).read(0, 1)).rejects.toThrow(
      'expected photographs to train on, got 2 that cannot be used',
    );
  });
});

describe('listPhotos', () => {
  it('lists images by name, folder by folder', async () => {
    await writeFile(join(folder, 'good', 'manifest.json'), '[]');
    expect(await listPhotos([join(folder, 'good')])).toEqual(photos);
  });

  it('says which folder is missing, and that there are no photographs', async () => {
    const missing = join(folder, 'missing');
    await expect(listPhotos([join(folder, 'good'), missing])).rejects.toThrow(
      `${missing}: expected a folder of photographs, got none`,
    );
    const empty = await mkdtemp(join(folder, 'empty-'));
    await expect(listPhotos([empty])).rejects.toThrow(`${empty}: expected photographs, got none`);
  });

  it('tells lists apart wherever they lie', async () => {
    const copies = uprightPhotos(await writePictures(join(folder, 'elsewhere'), 3, 75));
    const fingerprint = await photosFingerprint(photos);
    expect(fingerprint).toMatch(/^3 photographs, sha256 [0-9a-f]{16}$/);
    expect(await photosFingerprint(copies)).toBe(fingerprint);
    expect(await photosFingerprint(photos.slice(1))).not.toBe(fingerprint);
    expect(await photosFingerprint([...photos].reverse())).not.toBe(fingerprint);
  });
});
