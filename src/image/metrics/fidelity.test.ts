import { describe, expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import { createImage, type Image } from '../image.js';
import { psnr } from './psnr.js';
import { ssim } from './ssim.js';

function noise(width: number, height: number, channels: number, seed: number): Image {
  const random = Random.seeded(seed);
  const data = Float32Array.from({ length: width * height * channels }, () => random.uniform());
  return createImage(width, height, channels, data);
}

function shifted(image: Image, amount: number): Image {
  return { ...image, data: image.data.map((value) => value + amount) };
}

describe('psnr', () => {
  it('of a constant error is 20 log10(255 / error)', () => {
    const image = noise(8, 8, 3, 1);
    expect(psnr(image, shifted(image, 10 / 255))).toBeCloseTo(20 * Math.log10(25.5), 4);
    const luma = (10 * (65.481 + 128.553 + 24.966)) / 255;
    const expected = 20 * Math.log10(255 / luma);
    expect(psnr(image, shifted(image, 10 / 255), { channels: 'y' })).toBeCloseTo(expected, 4);
  });

  it('is infinite for equal images and does not see the border', () => {
    const image = noise(8, 8, 3, 1);
    const other = { ...image, data: image.data.slice() };
    other.data[0] = 5;
    expect(psnr(image, other)).toBeLessThan(40);
    expect(psnr(image, other, { cropBorder: 1 })).toBe(Infinity);
  });
});

describe('ssim', () => {
  it('is 1 for equal images, symmetric, and falls with noise', () => {
    const image = noise(20, 16, 3, 1);
    const mixed = (part: number): Image => {
      const other = noise(20, 16, 3, 2);
      const data = image.data.map((value, i) => value * (1 - part) + other.data[i] * part);
      return { ...image, data };
    };
    expect(ssim(image, image)).toBeCloseTo(1, 12);
    expect(ssim(image, mixed(0.3))).toBeCloseTo(ssim(mixed(0.3), image), 12);
    expect(ssim(image, mixed(0.6))).toBeLessThan(ssim(image, mixed(0.3)));
  });

  it('of flat images depends on their luminance alone', () => {
    const flat = (value: number) => createImage(11, 11, 1, new Float32Array(121).fill(value / 255));
    const floor = 2.55 ** 2;
    const expected = (2 * 50 * 100 + floor) / (50 * 50 + 100 * 100 + floor);
    expect(ssim(flat(50), flat(100))).toBeCloseTo(expected, 6);
  });
});

it('unequal sizes are refused', () => {
  const message = 'expected an image of 12x12 with 3 channels, got 12x11 with 3 channels';
  expect(() => psnr(noise(12, 12, 3, 1), noise(12, 11, 3, 1))).toThrow(message);
  expect(() => ssim(noise(12, 12, 3, 1), noise(12, 11, 3, 1))).toThrow(message);
  const small = noise(12, 12, 1, 1);
  expect(() => ssim(small, small, { cropBorder: 1 })).toThrow(
    'expected at least 11x11 pixels for SSIM, got 10x10',
  );
});
