import { describe, expect, it } from 'vitest';
import { erfc } from '../../graph/erf.js';
import { normalDensity, normalProbability } from './normalDistribution.js';

describe('normalProbability', () => {
  it('is what the error function says, into the tails', () => {
    for (let z = -12; z <= 12; z += 0.0371) {
      const expected = 0.5 * erfc(-z / Math.SQRT2);
      const error = Math.abs(normalProbability(z) - expected);
      expect(error).toBeLessThan(Math.min(1e-14, 1e-8 * expected));
    }
    expect(normalProbability(0)).toBeCloseTo(0.5, 14);
    expect(normalProbability(1.959963984540054)).toBeCloseTo(0.975, 14);
    expect(normalProbability(-Infinity)).toBe(0);
    expect(normalProbability(Infinity)).toBe(1);
  });

  it('has the density for its slope', () => {
    for (const z of [-3, -1, 0, 0.5, 2]) {
      const slope = (normalProbability(z + 1e-5) - normalProbability(z - 1e-5)) / 2e-5;
      expect(normalDensity(z)).toBeCloseTo(slope, 9);
    }
  });
});
