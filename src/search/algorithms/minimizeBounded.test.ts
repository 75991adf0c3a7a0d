import { describe, expect, it } from 'vitest';
import { minimizeBounded, type Slope } from './minimizeBounded.js';

function rosenbrock([x, y]: Float64Array): Slope {
  return {
    value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
    gradient: Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)),
  };
}

describe('minimizeBounded', () => {
  it("finds the bottom of Rosenbrock's valley", () => {
    const { point, value } = minimizeBounded(
      rosenbrock,
      [-1.2, 1],
      { lower: [-5, -5], upper: [5, 5] },
      { maxIterations: 200 },
    );
    expect(value).toBeLessThan(1e-9);
    expect(point[0]).toBeCloseTo(1, 4);
    expect(point[1]).toBeCloseTo(1, 4);
  });

  it('stops at the bounds, where the rest is still minimised', () => {
    // With x <= 0.5 the least value is at y = x^2.
    const { point } = minimizeBounded(
      rosenbrock,
      [-1.2, 1],
      { lower: [-5, -5], upper: [0.5, 5] },
      { maxIterations: 200 },
    );
    expect(point[0]).toBe(0.5);
    expect(point[1]).toBeCloseTo(0.25, 4);
  });

  it('starts inside the box, and stays where there is no slope', () => {
    const flat = (): Slope => ({ value: 1, gradient: Float64Array.of(0) });
    expect([...minimizeBounded(flat, [7], { lower: [0], upper: [2] }).point]).toEqual([2]);
  });
});
