import { expect, it } from 'vitest';
import { Random } from '../../../tensor/index.js';
import { createImage, type Image } from '../../image.js';
import { filter2D, gaussianBlur } from './filter.js';
import { gaussianKernel } from './kernels.js';
import { unsharpMask } from './sharpen.js';

function noise(width: number, height: number): Image {
  const random = Random.seeded(5);
  const data = Float32Array.from({ length: 3 * width * height }, () => random.uniform());
  return createImage(width, height, 3, data);
}

it('filter2D correlates, and mirrors about the edge pixel', () => {
  const image = createImage(4, 1, 1, Float32Array.of(1, 2, 4, 8));
  const right = { size: 3, weights: Float64Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0) };
  expect([...filter2D(image, right).data]).toEqual([2, 4, 8, 4]);
});

it('two passes equal the kernel, on images smaller than it too', () => {
  for (const [width, height] of [
    [20, 13],
    [3, 5],
    [1, 1],
  ] as const) {
    const image = noise(width, height);
    const ellipse = { sigmaX: 1.7, sigmaY: 1.7, rotation: 0 };
    const expected = filter2D(image, gaussianKernel(11, ellipse)).data;
    gaussianBlur(image, 11, 1.7).data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 6);
    });
  }
});

it('unsharp masking steepens edges and leaves small differences alone', () => {
  const edge = (low: number, high: number): Image =>
    createImage(
      16,
      1,
      1,
      Float32Array.from({ length: 16 }, (_, x) => (x < 8 ? low : high)),
    );
  const options = { radius: 5, sigma: 0, weight: 0.5, threshold: 10 };
  const sharpened = unsharpMask(edge(0.3, 0.7), options).data;
  expect(sharpened[7]).toBeLessThan(0.28);
  expect(sharpened[8]).toBeGreaterThan(0.72);
  expect(sharpened[0]).toBeCloseTo(0.3, 6);
  const faint = edge(0.5, 0.52);
  unsharpMask(faint, options).data.forEach((value, i) => {
    expect(value).toBeCloseTo(faint.data[i], 6);
  });
});
