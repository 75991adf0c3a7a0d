import { describe, expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import { createImage } from '../image.js';
import { gridPower } from './gridPower.js';

const [width, height] = [200, 160];

function noisy(pattern: (x: number, y: number) => number) {
  const random = Random.seeded(5);
  const image = createImage(width, height, 3);
  for (let i = 0; i < width * height; i++) {
    const value = 0.5 + 0.02 * random.normal() + pattern(i % width, Math.floor(i / width));
    for (let c = 0; c < 3; c++) image.data[c * width * height + i] = value;
  }
  return image;
}

describe('the power of a grid', () => {
  it.each([2, 4, 8])(
    'of %i pixels is about that of its neighbours in noise on a slope',
    (period) => {
      const power = gridPower(
        noisy((x) => x / 1000),
        period,
      );
      expect(power).toBeGreaterThan(0.6);
      expect(power).toBeLessThan(1.5);
    },
  );

  it.each([2, 4, 8])('of %i pixels stands out, along rows and along columns', (period) => {
    const wave = (x: number): number => 0.01 * Math.cos((2 * Math.PI * x) / period);
    const across = noisy(wave);
    const down = noisy((_, y) => wave(y));
    expect(gridPower(across, period)).toBeGreaterThan(3);
    expect(gridPower(down, period)).toBeGreaterThan(3);
  });

  it('is not told of pictures that are too small', () => {
    expect(() => gridPower(createImage(40, 40, 3), 8)).toThrow(/expected sides of more than 88/);
  });
});
