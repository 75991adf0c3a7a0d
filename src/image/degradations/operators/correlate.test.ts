import { expect, it } from 'vitest';
import { compileCorrelate } from '../../../../tools/compileWat.js';
import { readFile } from 'node:fs/promises';
import { Random } from '../../../tensor/index.js';
import { createImage, type Image } from '../../image.js';
import { edgePosition } from '../../separable.js';
import { correlateTaps, type Tap } from './correlate.js';

function noise(width: number, height: number): Image {
  const random = Random.seeded(5);
  const data = Float32Array.from({ length: 2 * width * height }, () => random.uniform());
  return createImage(width, height, 2, data);
}

/** In float64, one pixel after the other. */
function slowly({ width, height, channels, data }: Image, taps: readonly Tap[]): number[] {
  return Array.from({ length: channels * width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width) % height];
    const plane = i - y * width - x;
    return taps.reduce((sum, tap) => {
      const row = edgePosition(y + tap.y, height, 'reflect') * width;
      return sum + tap.weight * data[plane + row + edgePosition(x + tap.x, width, 'reflect')];
    }, 0);
  });
}

const scattered: Tap[] = [
  { x: -3, y: 1, weight: 0.5 },
  { x: 0, y: 0, weight: -0.25 },
  { x: 5, y: -2, weight: 0.75 },
];

it.each([
  [40, 23],
  [16, 16],
  [7, 3],
  [1, 1],
  // Several strips.
  [4000, 70],
])('is the sum of what the taps name, for %i x %i', (width, height) => {
  const image = noise(width, height);
  const expected = slowly(image, scattered);
  const { data } = correlateTaps(image, [scattered]);
  const worst = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - data[i])), 0);
  expect(worst).toBeLessThan(5e-7);
});

it('does passes one after the other, beyond the edges too', () => {
  const image = noise(37, 29);
  const across = [-2, -1, 0, 1, 2].map((x) => ({ x, y: 0, weight: 0.1 * (x + 3) }));
  const down = [-1, 0, 1].map((y) => ({ x: 0, y, weight: 0.3 + 0.1 * y }));
  const both = across.flatMap((a) =>
    down.map((d) => ({ x: a.x, y: d.y, weight: a.weight * d.weight })),
  );
  const expected = slowly(image, both);
  correlateTaps(image, [across, down]).data.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThan(1e-6);
  });
});

it('is compiled from its source', async () => {
  const compiled = await readFile(new URL('correlateWasm.ts', import.meta.url), 'utf8');
  expect(compiled).toBe(await compileCorrelate());
});
