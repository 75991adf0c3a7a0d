import { expect, it } from 'vitest';
import { erf } from '../../../graph/erf.js';
import { Random } from '../../../tensor/index.js';
import { drawNormals } from './normals.js';

const count = 1e6;
const normals = drawNormals(count, Random.seeded(11));

function mean(of: (x: number) => number): number {
  return normals.reduce((sum, x) => sum + of(x), 0) / count;
}

it('have the moments of the normal distribution', () => {
  expect(Math.abs(mean((x) => x))).toBeLessThan(0.004);
  expect(Math.abs(mean((x) => x * x) - 1)).toBeLessThan(0.006);
  expect(Math.abs(mean((x) => x ** 3))).toBeLessThan(0.01);
  expect(Math.abs(mean((x) => x ** 4) - 3)).toBeLessThan(0.04);
});

it('are as near to the normal distribution as samples of it are (Kolmogorov-Smirnov, 1 in 1,000)', () => {
  const sorted = normals.slice().sort();
  const distance = sorted.reduce((most, x, i) => {
    const expected = 0.5 * (1 + erf(x / Math.SQRT2));
    return Math.max(most, Math.abs(expected - i / count), Math.abs(expected - (i + 1) / count));
  }, 0);
  expect(distance * Math.sqrt(count)).toBeLessThan(1.95);
});

it('know nothing of their neighbours, of those a chunk away, and of another stream', () => {
  const other = drawNormals(count, Random.seeded(12));
  const correlation = (with_: (i: number) => number): number =>
    normals.reduce((sum, x, i) => sum + x * with_(i), 0) / count;
  for (const lag of [1, 2, 192, 1024]) {
    expect(Math.abs(correlation((i) => normals[(i + lag) % count]))).toBeLessThan(0.005);
  }
  expect(Math.abs(correlation((i) => other[i]))).toBeLessThan(0.005);
});

it('are the same for the same state', () => {
  expect(drawNormals(5000, Random.seeded(3))).toEqual(drawNormals(5000, Random.seeded(3)));
});
