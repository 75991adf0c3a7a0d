import fc from 'fast-check';
import { expect, it } from 'vitest';
import { portableCosineOfTurns, portableLog } from './portableMath.js';

it('takes logarithms to the last places', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (k) => {
      const x = k / 2 ** 32;
      expect(Math.abs(portableLog(x) - Math.log(x))).toBeLessThanOrEqual(
        4.5e-16 * Math.abs(Math.log(x)),
      );
    }),
    { numRuns: 5000 },
  );
  expect(portableLog(1)).toBe(0);
  expect(portableLog(1e300)).toBeCloseTo(Math.log(1e300), 12);
});

it('takes cosines to the last places', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (k) => {
      const turns = k / 2 ** 32;
      expect(Math.abs(portableCosineOfTurns(turns) - Math.cos(2 * Math.PI * turns))).toBeLessThan(
        1e-15,
      );
    }),
    { numRuns: 5000 },
  );
  expect([0, 0.25, 0.5, 0.75].map((turns) => portableCosineOfTurns(turns) + 0)).toEqual([
    1, 0, -1, 0,
  ]);
});
