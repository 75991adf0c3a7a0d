import { expect, it } from 'vitest';
import { grayToRgb, rgbToGray, studioLuma } from './colour.js';
import { createImage } from './image.js';

it('studio luma spans 16 to 235 and weighs green most', () => {
  const colours = createImage(3, 1, 3, Float32Array.of(0, 1, 0, 0, 1, 1, 0, 1, 0));
  const [black, white, green] = studioLuma(colours);
  expect(black).toBe(16);
  expect(white).toBeCloseTo(235, 10);
  expect(green).toBeCloseTo(16 + 128.553, 10);
});

it('a gray image is its own luma', () => {
  expect([...studioLuma(createImage(2, 1, 1, Float32Array.of(0, 1)))]).toEqual([0, 255]);
});

it('gray and RGB convert into each other', () => {
  const gray = createImage(2, 1, 1, Float32Array.of(0.25, 0.75));
  expect(rgbToGray(grayToRgb(gray)).data[1]).toBeCloseTo(0.75, 6);
  expect(() => grayToRgb(createImage(1, 1, 3))).toThrow('expected an image of 1 channel, got 3');
  expect(() => rgbToGray(gray)).toThrow('expected an image of 3 channels, got 1');
});
