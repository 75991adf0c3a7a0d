import { describe, expect, it } from 'vitest';
import { createImage, imageRows, imresize, pasteRows, type Image } from '../image/index.js';
import { Random } from '../tensor/index.js';
import { enlargedStrips } from './strips.js';
import { planTiles } from './tiles.js';

function noise(width: number, height: number, channels: number): Image {
  const random = Random.seeded(5);
  const image = createImage(width, height, channels);
  return { ...image, data: image.data.map(() => random.uniform(0.3, 0.7)) };
}

/** A network that looks no further than its pixel. */
const repeat = (image: Image, scale: number): Image => {
  const large = createImage(image.width * scale, image.height * scale, image.channels);
  for (let i = 0; i < large.data.length; i++) {
    const x = Math.floor((i % large.width) / scale);
    const y = Math.floor(Math.floor(i / large.width) / scale);
    large.data[i] = image.data[y * image.width + x];
  }
  return large;
};

async function whole(image: Image, tile: number, width: number, height: number): Promise<Image> {
  const scale = 2;
  const grid = planTiles(image.width, image.height, { tile, overlap: 20, multiple: 4 });
  const plan = { grid, scale, width, height };
  const enlarge = (window: Image) => Promise.resolve(repeat(window, scale));
  const result = createImage(width, height, image.channels);
  let top = 0;
  for await (const strip of enlargedStrips(imageRows(image), { ...plan, enlarge })) {
    pasteRows(result, top, strip);
    top += strip.height;
  }
  expect(top).toBe(height);
  return result;
}

const worst = (a: Image, b: Image) =>
  a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i])), 0);

describe('strips of tiles', () => {
  it.each([
    [131, 97, 1],
    [70, 201, 4],
    [3, 150, 3],
  ])(
    'of %i x %i pixels of %i channels are the picture enlarged',
    async (width, height, channels) => {
      const image = noise(width, height, channels);
      const expected = repeat(image, 2);
      expect(worst(await whole(image, 56, 2 * width, 2 * height), expected)).toBeLessThan(1e-6);
    },
  );

  it.each([1.5, 1, 3, 0.5])('at a scale of %d are the picture resampled', async (scale) => {
    const image = noise(140, 90, 3);
    const [width, height] = [140 * scale, 90 * scale];
    const expected = imresize(repeat(image, 2), { width, height });
    expect(worst(await whole(image, 64, width, height), expected)).toBeLessThan(1e-5);
  });
});
