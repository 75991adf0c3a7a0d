import { describe, expect, it } from 'vitest';
import { erf, erfc } from './erf.js';

/** x, erf(x), erfc(x), by mpmath with 30 digits, rounded to float64. */
const published = [
  [1e-10, 1.1283791670955126e-10, 0.999999999887162],
  [0.1, 0.1124629160182849, 0.8875370839817152],
  [0.5, 0.5204998778130465, 0.4795001221869535],
  [1, 0.8427007929497149, 0.15729920705028513],
  [1.5, 0.9661051464753108, 0.033894853524689274],
  [1.99999, 0.9953220583449658, 0.004677941655034252],
  [2, 0.9953222650189527, 0.004677734981047266],
  [2.5, 0.999593047982555, 0.0004069520174449589],
  [3, 0.9999779095030014, 2.209049699858544e-5],
  [5.5, 0.9999999999999927, 7.357847917974398e-15],
] as const;

describe('erf', () => {
  it.each(published)('of %f has full precision on both sides of zero', (x, value) => {
    expect(Math.abs(erf(x) / value - 1)).toBeLessThan(1e-15);
    expect(erf(-x)).toBe(-erf(x));
  });

  it.each(published)('of %f and its complement make one', (x, _, complement) => {
    expect(Math.abs(erfc(x) / complement - 1)).toBeLessThan(1e-12);
    expect(Math.abs(erfc(-x) - (2 - complement))).toBeLessThan(1e-15);
  });

  it('has its limits', () => {
    expect(erf(0)).toBe(0);
    expect([Infinity, -Infinity].map(erf)).toEqual([1, -1]);
    expect([Infinity, -Infinity].map(erfc)).toEqual([0, 2]);
    expect(erf(NaN)).toBeNaN();
  });
});
