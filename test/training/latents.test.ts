import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createNodeExecutor,
  listPhotos,
  uprightPhotos,
  openAutoencoder,
  openLatents,
  type LatentOptions,
} from 'nanosd/node';
import { encoderOf, tensor, toFloat32 } from 'nanosd';
import { cropImage, flipHorizontal } from '../../src/image/index.js';
import { readImage } from '../../src/image/sharp-node.js';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import { tinyFiles } from '../checkpoints/tinyFiles.js';
import { writePictures } from './pictures.js';

// Threads of their own encode.
vi.setConfig({ testTimeout: 120_000 });

let root: string;
let options: LatentOptions;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-latents-'));
  await initCheckpoint(join(root, 'tiny'), tinyFiles, { seed: 1 });
  await writePictures(join(root, 'photos'), 3, 17);
  await cp(join(root, 'photos', 'photo-0.png'), join(root, 'photos', 'tit-0.png'));
  options = {
    photos: await listPhotos([join(root, 'photos')]),
    kinds: 'name_prefix',
    vae: join(root, 'tiny', 'vae'),
    cacheFolder: join(root, 'cache'),
    cacheBytes: 1e8,
    height: 4,
    width: 5,
    seed: 1,
  };
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function take(changes: Partial<LatentOptions>, first: number, count: number) {
  await using latents = await openLatents({ ...options, ...changes });
  return await latents.take(first, count);
}

describe('latents', () => {
  it('are a function of the seed and the number of a sample, made once', async () => {
    const progress: number[] = [];
    await using latents = await openLatents(options, {
      onProgress: ({ done, total }) => progress.push(done / total),
    });
    expect(progress).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(latents).toMatchObject({ kinds: ['photo', 'tit'], channels: 4, pixelsPerLatent: 2 });
    const batch = await latents.take(3, 4);
    expect(batch.latents.shape).toEqual([4, 4, 4, 5]);
    expect(await latents.take(3, 4)).toEqual(batch);
    const one = await latents.take(5, 1);
    expect(one.latents.data).toEqual(batch.latents.data.slice(160, 240));
    expect(one.kind.data[0]).toBe(batch.kind.data[2]);

    const again = await openLatents(options, {
      onProgress: () => expect.unreachable('the cache is there'),
    });
    expect(await again.take(3, 4)).toEqual(batch);
    await again[Symbol.asyncDispose]();
    expect((await take({ seed: 2 }, 3, 4)).latents).not.toEqual(batch.latents);
  });

  it('are those of the encoder, for the picture or its mirror image', async () => {
    // As large as the map, so that only the orientation is left to chance, and the posterior's noise.
    const side = { height: 8, width: 8 };
    const [photo] = options.photos;
    const { latents } = await take({ ...side, photos: [photo] }, 0, 64);
    await using vae = await openAutoencoder(options.vae);
    const graph = { ...encoderOf(vae.network, { batch: 1, height: 16, width: 16 }), taps: [] };
    await using session = await createNodeExecutor().load(graph, await vae.weights.readAll());
    const picture = cropImage(await readImage(photo.path), 0, 0, 16, 16);
    const scale = 0.18215;
    const expected = await Promise.all(
      [picture, flipHorizontal(picture)].map(async ({ data }) => {
        const sample = tensor(
          'float32',
          [1, 3, 16, 16],
          data.map((x) => 2 * x - 1),
        );
        return toFloat32((await session.run({ sample })).latent_parameters);
      }),
    );
    const seen = new Set<number>();
    let [squares, count] = [0, 0];
    for (let i = 0; i < 64; i++) {
      const got = latents.data.subarray(i * 256, (i + 1) * 256);
      const scores = expected.map((moments) =>
        got.map((value, j) => {
          const deviation = Math.exp(moments[256 + j] / 2) * scale;
          return (value - moments[j] * scale) / deviation;
        }),
      );
      const errors = scores.map((score) => score.reduce((sum, z) => sum + z * z, 0));
      const nearest = errors[0] < errors[1] ? 0 : 1;
      seen.add(nearest);
      squares += errors[nearest];
      count += 256;
    }
    expect(seen).toEqual(new Set([0, 1]));
    // The noise has a deviation of one; 4 deviations of the estimate.
    expect(Math.abs(squares / count - 1)).toBeLessThan((4 * Math.SQRT2) / Math.sqrt(count));
  });

  it('are gone on with where making them was ended', async () => {
    const cacheFolder = join(root, 'ended');
    const ending = new AbortController();
    const attempt = openLatents(
      { ...options, cacheFolder },
      {
        signal: ending.signal,
        onProgress: ({ done }) => {
          if (done === 2) ending.abort(new Error('ended'));
        },
      },
    );
    await expect(attempt).rejects.toThrow('ended');
    expect(await take({ cacheFolder }, 0, 4)).toEqual(await take({}, 0, 4));
  });

  it('leave out photographs that are damaged or too small, and say so once', async () => {
    const folder = join(root, 'some');
    const good = await writePictures(folder, 2, 17);
    await writePictures(join(folder, 'x'), 1, 7);
    await cp(join(folder, 'x', 'photo-0.png'), join(folder, 'small.png'));
    await writeFile(join(folder, 'text.jpg'), 'no picture');
    const warnings: string[] = [];
    const photos = uprightPhotos([...good, join(folder, 'small.png'), join(folder, 'text.jpg')]);
    await using latents = await openLatents(
      { ...options, photos, cacheFolder: join(root, 'some-cache') },
      { onWarning: (warning) => warnings.push(warning) },
    );
    expect(warnings.sort()).toEqual([
      expect.stringMatching(/small\.png: smaller than 5 x 4 cells; it is left out$/) as string,
      expect.stringMatching(
        /text\.jpg: expected an image, .*; the photograph is left out$/,
      ) as string,
    ]);
    const { kind } = await latents.take(0, 20);
    expect(new Set(kind.data)).toEqual(new Set([BigInt(latents.kinds.indexOf('photo'))]));
  });

  it('stay within the bytes of the cache, and take the room of those used before', async () => {
    const cacheFolder = join(root, 'bounded');
    const warnings: string[] = [];
    const bytes = 4 * 2 * 8 * 64;
    await using latents = await openLatents(
      { ...options, cacheFolder, cacheBytes: bytes },
      { onWarning: (warning) => warnings.push(warning) },
    );
    expect((await latents.take(0, 2)).latents.shape[0]).toBe(2);
    expect(warnings[0]).toMatch(/^latents of \d of 4 photographs fill the cache of 0 MB/);
    await take({ cacheFolder, photos: options.photos.slice(1), cacheBytes: bytes }, 0, 1);
    expect((await readdir(cacheFolder)).filter((name) => name.startsWith('latents-'))).toHaveLength(
      1,
    );
  });

  it('are made anew for another autoencoder, and take it from a checkpoint too', async () => {
    const before = await readdir(options.cacheFolder);
    await take({ vae: join(root, 'tiny') }, 0, 1);
    expect(await readdir(options.cacheFolder)).toEqual(before);
    await initCheckpoint(join(root, 'other'), tinyFiles, { seed: 2 });
    await take({ vae: join(root, 'other') }, 0, 1);
    expect(await readdir(options.cacheFolder)).toHaveLength(before.length + 1);
  });

  it('are refused with what is wrong', async () => {
    await expect(openLatents({ ...options, vae: join(root, 'tiny', 'unet') })).rejects.toThrow(
      /_class_name: expected AutoencoderKL .*, got "UNet2DConditionModel"/,
    );
    await expect(openLatents({ ...options, vae: root })).rejects.toThrow(
      /expected the folder of an autoencoder, or a checkpoint, got no config.json/,
    );
    await expect(openLatents({ ...options, height: 100 })).rejects.toThrow(
      /^expected photographs of at least 5 x 100 cells of the latent, got none in .*photos$/,
    );
    const damaged = join(root, 'damaged');
    await cp(options.cacheFolder, damaged, { recursive: true });
    for (const name of await readdir(damaged)) {
      await writeFile(join(damaged, name, 'index.json'), '{}');
    }
    await expect(openLatents({ ...options, cacheFolder: damaged })).rejects.toThrow(
      /damaged cache of latents; delete it/,
    );
  });
});
