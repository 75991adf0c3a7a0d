import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createImage, type Image } from './image.js';
import { imresize, resampleTaps, resizeNearest } from './resample.js';

const kernels = ['bicubic', 'bilinear', 'lanczos3', 'box'] as const;

function imageOf(width: number, height: number, value: (x: number, y: number) => number): Image {
  const data = Float32Array.from({ length: width * height }, (_, i) =>
    value(i % width, Math.floor(i / width)),
  );
  return createImage(width, height, 1, data);
}

describe('imresize', () => {
  it('keeps a constant, and rounds sides up, at any size', () => {
    const side = fc.integer({ min: 1, max: 12 });
    const scale = fc.double({ min: 0.1, max: 5, noNaN: true });
    fc.assert(
      fc.property(
        side,
        side,
        scale,
        fc.constantFrom(...kernels),
        (width, height, factor, kernel) => {
          const image = imageOf(width, height, () => 0.625);
          const resized = imresize(image, { scale: factor, kernel });
          expect(resized.width).toBe(Math.ceil(width * factor));
          expect(resized.height).toBe(Math.ceil(height * factor));
          for (const value of resized.data) expect(value).toBeCloseTo(0.625, 5);
        },
      ),
    );
  });

  it('puts pixel centres at half-integers: a ramp stays a ramp inside', () => {
    const ramp = imageOf(24, 1, (x) => x + 0.5);
    const doubled = imresize(ramp, { width: 48, height: 1 });
    for (let x = 8; x < 40; x++) expect(doubled.data[x]).toBeCloseTo((x + 0.5) / 2, 4);
    const halved = imresize(ramp, { width: 12, height: 1 });
    for (let x = 4; x < 8; x++) expect(halved.data[x]).toBeCloseTo((x + 0.5) * 2, 4);
  });

  it('weighs two samples to one as the widened cubic does', () => {
    // Keys' cubic at +-0.25, 0.75, 1.25 and 1.75, halved.
    const { count, weights } = resampleTaps(16, 8, 0.5, 'bicubic', true);
    const taps = [...weights.subarray(4 * count, 5 * count)];
    const expected = [-3, -9, 29, 111, 111, 29, -9, -3].map((weight) => weight / 256);
    expect(taps).toHaveLength(8);
    taps.forEach((tap, i) => {
      expect(tap).toBeCloseTo(expected[i], 12);
    });
  });

  it('keeps out aliases only when asked to', () => {
    const stripes = imageOf(32, 1, (x) => x % 2);
    const smooth = imresize(stripes, { width: 8, height: 1 });
    const aliased = imresize(stripes, {
      width: 8,
      height: 1,
      kernel: 'bilinear',
      antialias: false,
    });
    for (let x = 2; x < 6; x++) expect(smooth.data[x]).toBeCloseTo(0.5, 6);
    expect(aliased.data[4]).toBeCloseTo(0.5, 6);
    const shifted = imageOf(30, 1, (x) => x % 2);
    const picked = imresize(shifted, { width: 10, height: 1, antialias: false });
    expect([...picked.data]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
  });

  it('treats the two axes alike', () => {
    const image = imageOf(9, 5, (x, y) => Math.sin(3 * x + 5 * y));
    const turned = imageOf(5, 9, (x, y) => Math.sin(3 * y + 5 * x));
    const a = imresize(image, { width: 4, height: 11 });
    const b = imresize(turned, { width: 11, height: 4 });
    for (let y = 0; y < 11; y++) {
      for (let x = 0; x < 4; x++) expect(a.data[y * 4 + x]).toBeCloseTo(b.data[x * 11 + y], 6);
    }
  });

  it('refuses a scale of nothing', () => {
    expect(() =>
      imresize(
        imageOf(2, 2, () => 0),
        { scale: 0 },
      ),
    ).toThrow('expected a scale above 0, got 0');
    expect(() =>
      imresize(
        imageOf(2, 2, () => 0),
        { width: 0, height: 2 },
      ),
    ).toThrow('expected sides of at least 1 pixel, got 0x2');
  });
});

it('resizeNearest takes the pixel under the centre', () => {
  const image = imageOf(3, 1, (x) => x);
  expect([...resizeNearest(image, { width: 6, height: 1 }).data]).toEqual([0, 0, 1, 1, 2, 2]);
  expect([...resizeNearest(image, { width: 2, height: 1 }).data]).toEqual([0, 2]);
});
