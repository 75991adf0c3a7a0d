// What every restorer that ships keeps, on a rendered scene with noise; on photographs, `npm run check:restorers` asks the same and more.
import { describe, expect, it } from 'vitest';
import {
  clampImage,
  createImage,
  gridPower,
  imresize,
  psnr,
  quantizeImage,
  Random,
  type Image,
} from 'nanosd';
import { listModels, openRestorer, openRestorerFolder } from 'nanosd/node';

const [width, height] = [112, 96];
/** The first rows are sky. */
const horizon = 56;

const named = await Promise.all(
  (await listModels()).map(async (name) => {
    // What the package holds besides restorers has another config.
    const folder = await openRestorerFolder(name).catch(() => undefined);
    return folder ? [name] : [];
  }),
);
const restorers = named.flat();

/** Grids that models of today do draw, to be trained away: a period of two pixels. */
const standing: ReadonlyMap<string, readonly number[]> = new Map([
  ['photo-x4', [2]],
  ['sr-x4', [2]],
]);

/** A sky that grows lighter, and woven hills before it, with the noise of a small sensor. */
function scene(): Image {
  const random = Random.seeded(9);
  const image = createImage(width, height, 3);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const isHill = y > horizon + 6 * Math.sin(x / 15);
    // Of no whole period: its overtones would be those that are looked for.
    const weave = 0.06 * Math.sin(0.73 * x) * Math.sin(0.61 * y);
    for (let c = 0; c < 3; c++) {
      const sky = 0.45 + 0.1 * c + (0.2 * y) / horizon;
      const value = isHill ? 0.5 - 0.1 * c - weave : sky;
      image.data[c * width * height + i] = value + (5 / 255) * random.normal();
    }
  }
  return quantizeImage(clampImage(image));
}

const meansOf = ({ data, channels }: Image): number[] =>
  Array.from({ length: channels }, (_, c) => {
    const size = data.length / channels;
    return data.subarray(c * size, (c + 1) * size).reduce((sum, x) => sum + x / size, 0);
  });

describe.each(restorers)('%s', (model) => {
  it('draws no grid, shows no seams and keeps colours', async () => {
    await using restorer = await openRestorer({ model });
    const photo = scene();
    const restored = await restorer.restore(photo);
    const { scale } = restorer;
    const interpolated = scale === 1 ? photo : clampImage(imresize(photo, { scale }));
    const periods = [2, 4, 8].filter((period) => !standing.get(model)?.includes(period));
    for (const period of periods) {
      // Half as much again as its neighbours, or as the picture itself has.
      const allowed = 1.5 * Math.max(1, gridPower(interpolated, period));
      expect(gridPower(restored, period), `a period of ${period}`).toBeLessThan(allowed);
    }
    const tiled = await restorer.restore(photo, { tile: 80 });
    expect(psnr(restored, tiled, { cropBorder: 0 })).toBeGreaterThan(50);
    const before = meansOf(photo);
    meansOf(restored).forEach((mean, c) => {
      expect(Math.abs(mean - before[c])).toBeLessThan(0.5 / 255);
    });
  });
});

it('there are restorers to ask', () => {
  expect(restorers).toContain('photo-x4');
});
