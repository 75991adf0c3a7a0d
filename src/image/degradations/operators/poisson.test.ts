import { describe, expect, it } from 'vitest';
import { Random } from '../../../tensor/index.js';
import { drawPoisson } from './poisson.js';

const count = 1e6;

// Below and above a mean of 30, where the way of drawing changes.
describe.each([0.3, 7, 29.9, 30, 64, 200])('counts of mean %d', (mean) => {
  const counts = drawPoisson(new Uint8Array(count), Float64Array.of(mean), Random.seeded(5));

  it('have its mean and variance', () => {
    const average = counts.reduce((sum, x) => sum + x, 0) / count;
    const variance = counts.reduce((sum, x) => sum + (x - average) ** 2, 0) / count;
    expect(Math.abs(average - mean)).toBeLessThan(0.005 * Math.sqrt(mean));
    expect(Math.abs(variance / mean - 1)).toBeLessThan(0.01);
  });

  it('are whole and distributed as they are to be (Kolmogorov-Smirnov, 1 in 1,000)', () => {
    expect(counts.every((x) => Number.isInteger(x) && x >= 0)).toBe(true);
    const histogram = new Float64Array(512);
    for (const x of counts) histogram[x]++;
    let [density, expected, found, distance] = [Math.exp(-mean), 0, 0, 0];
    for (let k = 0; k < 400; k++) {
      expected += density;
      found += histogram[k] / count;
      distance = Math.max(distance, Math.abs(expected - found));
      density *= mean / (k + 1);
    }
    expect(distance * Math.sqrt(count)).toBeLessThan(1.95);
  });
});
