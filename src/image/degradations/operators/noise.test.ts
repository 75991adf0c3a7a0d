import { describe, expect, it } from 'vitest';
import { Random } from '../../../tensor/index.js';
import { channelPlane, createImage, type Image } from '../../image.js';
import { addGaussianNoise, addNoise, addPoissonNoise } from './noise.js';

function flat(value: number, channels: number): Image {
  return createImage(64, 64, channels, new Float32Array(64 * 64 * channels).fill(value));
}

function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(square) };
}

describe('Gaussian noise', () => {
  it('has the deviation asked for, in 8-bit units', () => {
    const noisy = addGaussianNoise(flat(0.5, 3), 20, 'colour', Random.seeded(1));
    const { mean, deviation } = moments(noisy.data);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(deviation * 255).toBeGreaterThan(19.5);
    expect(deviation * 255).toBeLessThan(20.5);
  });

  it('is the same in each channel when gray', () => {
    const noisy = addGaussianNoise(flat(0.5, 3), 20, 'gray', Random.seeded(1));
    expect(channelPlane(noisy, 0)).toEqual(channelPlane(noisy, 2));
  });

  it('stays in [0, 1]', () => {
    const noise = Float32Array.of(100, -100);
    expect([...addNoise(createImage(2, 1, 1), noise, 255).data]).toEqual([1, 0]);
    expect(() => addNoise(createImage(2, 1, 1), noise.subarray(1), 1)).toThrow(
      'expected 2 values of noise, got 1',
    );
  });
});

describe('Poisson noise', () => {
  /** An image whose 2^bits levels set the full scale, and one level of which fills all but the first row. */
  function levels(bits: number, level: number): Image {
    const count = 2 ** bits;
    const image = flat(Math.round((level / count) * 255) / 255, 1);
    for (let i = 0; i < count; i++) image.data[i] = Math.round((i / count) * 255) / 255;
    return image;
  }

  // Below and above the mean of 10, where the sampler changes.
  it.each([
    [3, 2],
    [3, 6],
    [5, 16],
    [6, 48],
  ])('of %i bits has the variance of a count of %i', (bits, level) => {
    const image = levels(bits, level);
    const value = image.data[64 * 64 - 1];
    const noisy = addPoissonNoise(image, 0.25, 'colour', Random.seeded(9));
    const rest = noisy.data.subarray(64).map((x) => (x - value) / 0.25 + value);
    const { mean, deviation } = moments(rest);
    const full = 2 ** bits;
    const expected = Math.sqrt(value / full);
    expect(Math.abs(mean - value)).toBeLessThan((5 * expected) / 63);
    expect(deviation / expected).toBeGreaterThan(0.95);
    expect(deviation / expected).toBeLessThan(1.05);
  });

  it('is the same in each channel when gray', () => {
    const colours = flat(0.2, 3);
    channelPlane(colours, 1).fill(0.6);
    const noisy = addPoissonNoise(colours, 0.1, 'gray', Random.seeded(2));
    const difference = channelPlane(noisy, 1).map((value, i) => value - noisy.data[i]);
    for (const value of difference) expect(value).toBeCloseTo(0.4, 5);
  });
});
