import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageGradient, clipFactor, sumOfSquares } from './gradients.js';

const number = fc.double({ min: -100, max: 100, noNaN: true });

describe('averageGradient', () => {
  it('averages any number of shards into the first, and gives the sum of squares', () => {
    const shards = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 }))
      .chain(([count, length]) =>
        fc.array(fc.array(number, { minLength: length, maxLength: length }), {
          minLength: count,
          maxLength: count,
        }),
      );
    fc.assert(
      fc.property(shards, (values) => {
        const gradients = values.map((shard) => Float32Array.from(shard));
        const squares = averageGradient(gradients);
        const means = values[0].map(
          (_, i) => values.reduce((sum, shard) => sum + shard[i], 0) / values.length,
        );
        means.forEach((mean, i) => expect(gradients[0][i]).toBeCloseTo(mean, 3));
        const expected = means.reduce((sum, mean) => sum + mean ** 2, 0);
        expect(Math.abs(squares - expected)).toBeLessThanOrEqual(1e-4 * expected + 1e-4);
      }),
    );
  });

  it('shows gradients that are not numbers', () => {
    expect(averageGradient([Float32Array.of(1, NaN)])).toBeNaN();
    expect(averageGradient([Float32Array.of(1, NaN, 2), Float32Array.of(1, 1, 1)])).toBeNaN();
  });
});

describe('clipFactor', () => {
  it('leaves gradients of a smaller norm as they are', () => {
    expect(clipFactor(5, 6)).toBe(1);
    expect(clipFactor(5, Infinity)).toBe(1);
  });

  it('brings a larger norm down to the limit', () => {
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1 }),
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        (values, maxNorm) => {
          const norm = Math.sqrt(sumOfSquares(Float32Array.from(values)));
          expect(norm * clipFactor(norm, maxNorm)).toBeLessThanOrEqual(maxNorm * 1.00001);
        },
      ),
    );
  });
});
