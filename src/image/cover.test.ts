import { expect, it } from 'vitest';
import { coverImage } from './cover.js';
import { createImage } from './image.js';

const ramp = createImage(
  6,
  4,
  1,
  Float32Array.from({ length: 24 }, (_, i) => (i % 6) / 5),
);

it('cuts the middle out and resizes it', () => {
  const square = coverImage(ramp, 2, 2);
  expect([square.width, square.height]).toEqual([2, 2]);
  // Of columns 1 to 4, whose middle is that of the image.
  expect((square.data[0] + square.data[1]) / 2).toBeCloseTo(0.5, 6);
  expect(square.data[0]).toBeLessThan(square.data[1]);
});

it('leaves an image of that size as it is, and enlarges a smaller one', () => {
  expect(coverImage(ramp, 6, 4)).toEqual(ramp);
  const tall = coverImage(ramp, 30, 90);
  expect([tall.width, tall.height]).toEqual([30, 90]);
  expect(tall.data.every((x) => x >= 0 && x <= 1)).toBe(true);
});
