import { describe, expect, it } from 'vitest';
import { gaussianNoise, Random } from './random.js';

describe('gaussianNoise', () => {
  // Bit for bit: a file made with a seed can be made again, elsewhere and by later versions.
  it('is the same for a seed, for ever', () => {
    const { shape, data } = gaussianNoise([1, 2, 2, 2], 1);
    expect(shape).toEqual([1, 2, 2, 2]);
    expect([...new Uint32Array(data.buffer)].map((bits) => bits.toString(16))).toEqual([
      'bf0b49d7',
      'bf875f70',
      'bed661f6',
      '3ef567dd',
      '3d914250',
      '3f369c44',
      'bf76f5d8',
      'bf8cffad',
    ]);
    expect(gaussianNoise([8], 1, 1).data).not.toEqual(data);
    expect(gaussianNoise([8], 2).data).not.toEqual(data);
  });

  it('has the moments of a standard normal', () => {
    const { data } = gaussianNoise([200_000], 7);
    const mean = (power: number): number =>
      data.reduce((sum, x) => sum + x ** power, 0) / data.length;
    expect(Math.abs(mean(1))).toBeLessThan(0.01);
    expect(Math.abs(mean(2) - 1)).toBeLessThan(0.015);
    expect(Math.abs(mean(3))).toBeLessThan(0.03);
    expect(Math.abs(mean(4) - 3)).toBeLessThan(0.1);
    expect(data.every(Number.isFinite)).toBe(true);
  });
});

it('a stored state continues the stream', () => {
  const random = Random.seeded(4);
  random.normal();
  const again = Random.restored(random.state);
  expect(again.normals(5)).toEqual(random.normals(5));
});
