import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleFactor, type ScheduleConfig } from './schedules.js';

const schedule = (kind: ScheduleConfig['kind'], warmupSteps = 0, finalFactor = 0) => {
  return (step: number): number => scheduleFactor({ kind, warmupSteps, finalFactor }, step, 100);
};

describe('scheduleFactor', () => {
  it('rises linearly from 0 over the warm-up', () => {
    const factor = schedule('constant', 4);
    expect([0, 1, 2, 3, 4, 50].map(factor)).toEqual([0, 0.25, 0.5, 0.75, 1, 1]);
  });

  it('falls linearly after it', () => {
    const factor = schedule('linear', 20);
    expect(factor(20)).toBe(1);
    expect(factor(60)).toBeCloseTo(0.5, 12);
    expect(factor(100)).toBe(0);
  });

  it('falls by half a cosine', () => {
    const factor = schedule('cosine');
    expect(factor(0)).toBe(1);
    expect(factor(25)).toBeCloseTo(0.5 + Math.SQRT1_2 / 2, 12);
    expect(factor(50)).toBeCloseTo(0.5, 12);
    expect(factor(100)).toBe(0);
  });

  it('ends at the final factor and stays there', () => {
    for (const kind of ['linear', 'cosine'] as const) {
      expect(schedule(kind, 10, 0.1)(100)).toBeCloseTo(0.1, 12);
      expect(schedule(kind, 10, 0.1)(500)).toBeCloseTo(0.1, 12);
    }
  });

  it('stays within 0 and 1, rising before the warm-up ends and never after', () => {
    const kinds = fc.constantFrom('constant' as const, 'linear' as const, 'cosine' as const);
    fc.assert(
      fc.property(kinds, fc.nat(120), fc.double({ min: 0, max: 1, noNaN: true }), (...config) => {
        const [kind, warmupSteps, finalFactor] = config;
        const factor = schedule(kind, warmupSteps, finalFactor);
        const factors = Array.from({ length: 111 }, (_, step) => factor(step));
        expect(factors.filter((value) => value < 0 || value > 1)).toEqual([]);
        const changes = factors.slice(1).map((value, step) => value - factors[step]);
        expect(changes.slice(0, warmupSteps).filter((change) => change < 0)).toEqual([]);
        expect(changes.slice(warmupSteps).filter((change) => change > 0)).toEqual([]);
      }),
    );
  });
});
