import { afterAll, describe, expect, it } from 'vitest';
import { createImage, type Image } from '../image/index.js';
import { restorer as restorerGraph, type RestorerConfig } from '../models/index.js';
import { createNodeExecutor } from '../runtime/ort-node.js';
import { Random } from '../tensor/index.js';
import { initializeRestorer } from '../training/objectives/initialize.js';
import { createRestorer, type RestoreProgress } from './createRestorer.js';

/** Sees 15 pixels far at most, which the overlap covers. */
const config: RestorerConfig = {
  scale: 2,
  inChannels: 3,
  baseChannels: 4,
  encoderLayers: 1,
  decoderLayers: 1,
  blockOutChannels: [4],
  layersPerBlock: [1],
  actFn: 'relu',
};
const size = { batch: 1, height: 2, width: 2 };
const weights = initializeRestorer(restorerGraph(config, size), Random.seeded(3));
const restorer = createRestorer({ executor: createNodeExecutor(), config, weights });
afterAll(() => restorer[Symbol.asyncDispose]());

function noise(width: number, height: number, seed = 1): Image {
  const data = Random.seeded(seed).normals(3 * width * height);
  return createImage(
    width,
    height,
    3,
    Float32Array.from(data, (v) => 0.5 + 0.3 * v),
  );
}

function worstDifference(a: Image, b: Image): number {
  return a.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b.data[i])), 0);
}

describe('a restorer', () => {
  it.each([
    [1, 1],
    [3, 5],
    [2000, 7],
  ])('takes an image of %i x %i as it is', async (width, height) => {
    const restored = await restorer.restore(noise(width, height));
    expect([restored.width, restored.height, restored.channels]).toEqual([
      2 * width,
      2 * height,
      3,
    ]);
    expect(restored.data.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('gives the same with tiles as without', async () => {
    const image = noise(150, 97);
    const whole = await restorer.restore(image);
    const tiled = await restorer.restore(image, { tile: 52 });
    expect(worstDifference(whole, tiled)).toBeLessThan(1e-6);
  });

  it('gives the same twice, bit for bit', async () => {
    const image = noise(40, 30);
    const first = await restorer.restore(image, { tile: 44 });
    expect((await restorer.restore(image, { tile: 44 })).data).toEqual(first.data);
  });

  it('counts its tiles', async () => {
    const counts: RestoreProgress[] = [];
    await restorer.restore(noise(80, 10), { tile: 56, onProgress: (at) => counts.push(at) });
    expect(counts).toEqual([0, 1, 2, 3].map((done) => ({ done, total: 3 })));
  });

  it('serves calls at the same time one after the other', async () => {
    const images = [1, 2, 3].map((seed) => noise(20 * seed, 16, seed));
    const alone: Image[] = [];
    for (const image of images) alone.push(await restorer.restore(image));
    const together = await Promise.all(images.map((image) => restorer.restore(image)));
    expect(together).toEqual(alone);
  });

  it('stops between tiles when aborted, with the reason, and works on afterwards', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let done = 0;
    const aborted = restorer.restore(noise(300, 60), {
      tile: 48,
      signal: controller.signal,
      onProgress: (progress) => {
        done = progress.done;
        if (done === 2) controller.abort(reason);
      },
    });
    await expect(aborted).rejects.toBe(reason);
    expect(done).toBe(2);
    await expect(restorer.restore(noise(4, 4), { signal: controller.signal })).rejects.toBe(reason);
    expect((await restorer.restore(noise(4, 4))).width).toBe(8);
  });

  it('refuses another number of channels', async () => {
    await expect(restorer.restore(createImage(4, 4, 5))).rejects.toThrow(
      'expected an image of 1 to 4 channels, got 5',
    );
  });
});
