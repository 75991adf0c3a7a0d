import { mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePictures } from '../../../../test/training/pictures.js';
import { degradationSchema } from '../../../image/index.js';
import { uprightPhotos } from '../photoFile.js';
import type { PhotoBatch } from '../photoBatches-node.js';
import { openPoolBatches, type PoolOptions } from './poolBatches-node.js';
import {
  limitFiles,
  missingFiles,
  openPoolFolder,
  poolFileBytes,
  poolFilePath,
  poolPlace,
  requireRoom,
} from './poolFolder-node.js';
import { preparePool } from './preparePool-node.js';

const planes = [
  { name: 'sample', channels: 3, side: 8 },
  { name: 'target', channels: 3, side: 16 },
];
const perFile = 8;
const identity = { version: 1, photos: 'three' };

let root: string;
let photos: string[];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-pool-'));
  photos = await writePictures(join(root, 'photos'), 2, 40);
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A pool in an empty folder. */
async function pool(changes: Partial<PoolOptions> = {}): Promise<PoolOptions> {
  const folder = await mkdtemp(join(root, 'pools-'));
  const place = poolPlace(folder, identity, planes, perFile);
  await openPoolFolder(place, identity, expect.unreachable);
  return {
    place,
    samples: 24,
    refresh: 0.25,
    limitBytes: 1e9,
    crops: {
      photos: uprightPhotos(photos),
      sampleSize: 8,
      scale: 2,
      degradation: degradationSchema.parse({ kind: 'sequence', scale: 2, steps: [{ kind: 'noise', sigma: 5 }] }), // prettier-ignore
      seed: place.key,
      cacheBytes: 1e8,
    },
    ...changes,
  };
}

/** A digest of each sample that was read. */
function digests({ sample, target }: PhotoBatch): string[] {
  const count = sample.shape[0];
  return Array.from({ length: count }, (_, i) => {
    const part = ({ data }: { data: Float32Array }): string => {
      const length = data.length / count;
      const values = data.subarray(i * length, (i + 1) * length);
      return values.reduce((sum, value, j) => sum + value * ((j % 97) + 1), 0).toFixed(6);
    };
    return `${part(sample)} ${part(target)}`;
  });
}

async function read(options: PoolOptions, first: number, count: number, warnings?: string[]) {
  const warn = (warning: string): void => {
    if (warnings) warnings.push(warning);
    else expect.unreachable(warning);
  };
  const batches = openPoolBatches(options, 1, warn);
  const found: string[] = [];
  for (let i = 0; i < count; i += 2) found.push(...digests(await batches.read(first + i, 2)));
  return found;
}

describe('a pool', () => {
  let whole: string[];
  let made: PoolOptions;
  beforeAll(async () => {
    made = await pool();
    whole = await read(made, 0, 56);
  }, 60_000);

  it('gives degraded crops over what they came from, turned at each use', async () => {
    const batch = await openPoolBatches(made, 1, expect.unreachable).read(3, 2);
    expect([batch.sample.shape, batch.target.shape]).toEqual([
      [2, 3, 8, 8],
      [2, 3, 16, 16],
    ]);
    expect(new Set(whole).size).toBeGreaterThan(45);
  });

  it('gives the same wherever a run begins, and whatever files are there', async () => {
    expect(await read(await pool(), 30, 20)).toEqual(whole.slice(30, 50));
    expect(await read(made, 8, 20)).toEqual(whole.slice(8, 28));
  });

  it('makes damaged, cut-off and absent files again, and says so', async () => {
    const [cut, absent, damaged] = [0, 1, 2].map((file) => poolFilePath(made.place, file));
    await truncate(cut, 1000);
    await rm(absent);
    const file = await open(damaged, 'r+');
    const bytes = poolFileBytes(made.place) / perFile;
    for (let i = 0; i < perFile; i++) await file.write(Buffer.from('x'), 0, 1, (i + 0.5) * bytes);
    await file.close();
    const warnings: string[] = [];
    expect(await read(made, 0, 56, warnings)).toEqual(whole);
    warnings.sort();
    expect(warnings).toEqual([
      `${cut}: damaged; it is made again`,
      `${damaged}: damaged; it is made again`,
    ]);
  });

  it('stays within its limit but for what is in use', async () => {
    const tight = await pool({ limitBytes: 1 });
    expect(await read(tight, 0, 56)).toEqual(whole);
    await limitFiles(tight.place, 1, new Set([3]));
    expect(await missingFiles(tight.place, [0, 1, 2, 3], expect.unreachable)).toEqual([0, 1, 2]);
  });
});

describe('a folder of pools', () => {
  it('has a pool for each data section, and refuses one that is another', async () => {
    const { place } = await pool();
    const other = { ...identity, photos: 'four' };
    const names = [identity, other].map((one) => poolPlace(root, one, planes, perFile).folder);
    expect(new Set(names).size).toBe(2);
    await expect(openPoolFolder(place, other, expect.unreachable)).rejects.toThrow(
      [
        `${place.folder}/pool.json: expected the pool of this data section, got that of another:`,
        'photos: expected "four", got "three"',
        'move the folder away, or name another data.pool.folder',
      ].join('\n'),
    );
  });

  it('writes a damaged description again', async () => {
    const { place } = await pool();
    await writeFile(join(place.folder, 'pool.json'), '{');
    const warnings: string[] = [];
    await openPoolFolder(place, identity, (warning) => warnings.push(warning));
    expect(warnings).toEqual([`${place.folder}/pool.json: damaged; it is written again`]);
    await openPoolFolder(place, identity, expect.unreachable);
  });

  it('says what does not fit on the disk before anything is made', async () => {
    const { place } = await pool();
    await expect(requireRoom(place, 1e9)).rejects.toThrow(
      /pool-[0-9a-f]{16}: expected \d+ MB free for the pool, got \d+ MB; fewer data\.pool\.samples need less/,
    );
    await requireRoom(place, 0);
  });

  it('says what limit its samples need', async () => {
    const options = await pool({ limitBytes: 10_000 });
    const making = preparePool({ options, identity }, 0, 1, expect.unreachable);
    await expect(making.next()).rejects.toThrow(
      /^data\.pool\.megabytes: expected at least 1, for 24 samples of 968 bytes, got 0$/,
    );
    expect(await readdir(options.place.folder)).toEqual(['pool.json']);
  });
});
