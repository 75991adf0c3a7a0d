import { expect, it } from 'vitest';
import { besselJ1, logGamma } from './specialFunctions.js';

it('logGamma continues the factorial', () => {
  for (let n = 2, factorial = 1; n < 20; factorial *= n, n++) {
    expect(Math.exp(logGamma(n)) / factorial).toBeCloseTo(1, 12);
  }
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 13);
  expect(logGamma(0.1)).toBeCloseTo(2.252712651734206, 12);
});

// Values of Abramowitz & Stegun, table 9.1, and of the first zero.
it.each([
  [0, 0],
  [1, 0.44005058574493355],
  [-1, -0.44005058574493355],
  [3.8317059702075125, 0],
  [10, 0.04347274616886144],
  [50, -0.09751182812517509],
])('besselJ1(%f) is %f', (x, expected) => {
  expect(besselJ1(x)).toBeCloseTo(expected, 13);
});
