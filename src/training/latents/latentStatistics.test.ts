import { expect, it } from 'vitest';
import { channelStatistics, compareLatents, relativeError } from './latentStatistics.js';

// Two pictures, two channels of two cells.
const expected = [Float64Array.of(1, 3, 10, 10), Float64Array.of(5, 7, 10, 14)];

it('takes mean and deviation of each channel over all pictures', () => {
  const [first, second] = channelStatistics(expected, 2);
  expect(first.mean).toBe(4);
  expect(first.std).toBeCloseTo(Math.sqrt(5), 12);
  expect(second.mean).toBe(11);
  expect(second.std).toBeCloseTo(Math.sqrt(3), 12);
});

it('compares them on the scale of the U-Net', () => {
  const student = expected.map((values) => values.map((value) => 2 * value));
  const [first] = compareLatents({ teacher: expected, student }, 2, 0.5);
  expect(first.teacher).toEqual({ mean: 2, std: Math.sqrt(5) / 2 });
  expect(first.student.mean).toBe(4);
});

it('is relative to the deviation within channels, or to the values themselves', () => {
  const got = expected.map((values) => values.map((value) => value + 1));
  // Eight errors of 1; deviations squared sum to 4 * 5 + 4 * 3.
  expect(relativeError(got, expected, 2)).toBeCloseTo(Math.sqrt(8 / 32), 12);
  const squares = expected.flatMap((values) => [...values]).reduce((sum, x) => sum + x * x, 0);
  expect(relativeError(got, expected, null)).toBeCloseTo(Math.sqrt(8 / squares), 12);
  expect(relativeError(expected, expected, 2)).toBe(0);
});
