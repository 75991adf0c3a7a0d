import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import {
  expectedHypervolumeImprovement,
  expectedImprovement,
} from './expectedHypervolumeImprovement.js';
import { hypervolume, type Objectives } from './pareto.js';

const reference: Objectives = [4, 4];
const front: Objectives[] = [
  [0.5, 3.5],
  [1, 2],
  [2.5, 1.2],
  [3.2, 0.3],
];

function improvement(points: readonly Objectives[], point: Objectives): number {
  return hypervolume([...points, point], reference) - hypervolume(points, reference);
}

describe('expectedHypervolumeImprovement', () => {
  it.each([
    { mean: [1.2, 1.3], deviation: [0.5, 0.4] },
    { mean: [2, 3], deviation: [1, 1] },
    { mean: [0, 0], deviation: [0.3, 2] },
    { mean: [3.4, 1.1], deviation: [0.7, 0.2] },
    { mean: [-1, 5], deviation: [1, 3] },
    { mean: [2, 1], deviation: [0, 0.8] },
  ])('agrees with Monte Carlo at $mean, $deviation', ({ mean, deviation }) => {
    const random = Random.seeded(1);
    const samples = 20_000;
    let [sum, squares] = [0, 0];
    for (let i = 0; i < samples; i++) {
      const value = improvement(front, [
        mean[0] + deviation[0] * random.normal(),
        mean[1] + deviation[1] * random.normal(),
      ]);
      sum += value;
      squares += value * value;
    }
    const average = sum / samples;
    const error = Math.sqrt((squares / samples - average ** 2) / samples);
    const exact = expectedHypervolumeImprovement(front, reference)(
      { mean: mean[0], deviation: deviation[0] },
      { mean: mean[1], deviation: deviation[1] },
    );
    expect(error).toBeGreaterThan(0);
    expect(Math.abs(exact - average)).toBeLessThan(3 * error);
  });

  const [first, second] = [
    { mean: 1, deviation: 0.7 },
    { mean: 2, deviation: 0.4 },
  ];

  it('is the product of the expected improvements where there is no front', () => {
    const product = expectedImprovement(4, first) * expectedImprovement(4, second);
    expect(expectedHypervolumeImprovement([], reference)(first, second)).toBeCloseTo(product, 14);
  });

  it('is, with one point, the whole product less the product within what the point dominates', () => {
    // The rectangle [a, r1] x [b, r2] is dominated already (Emmerich, Giannakoglou and Naujoks 2006).
    const [a, b] = [1.5, 1.8];
    const within = (low: number, x: typeof first): number =>
      expectedImprovement(4, x) - expectedImprovement(low, x);
    const expected =
      expectedImprovement(4, first) * expectedImprovement(4, second) -
      within(a, first) * within(b, second);
    expect(expectedHypervolumeImprovement([[a, b]], reference)(first, second)).toBeCloseTo(
      expected,
      14,
    );
  });

  it('has, for the standard normal distribution and the origin, the value of its closed form', () => {
    // EI(0) of a standard normal variable is its density at 0, 1/sqrt(2 pi); the product is 1/(2 pi).
    const standard = { mean: 0, deviation: 1 };
    expect(expectedHypervolumeImprovement([], [0, 0])(standard, standard)).toBeCloseTo(
      1 / (2 * Math.PI),
      14,
    );
  });

  it('is the improvement itself where both objectives are known, and tends to it', () => {
    const coordinate = fc.double({ min: -1, max: 5, noNaN: true });
    const pair = fc.tuple(coordinate, coordinate);
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 8 }), pair, (points, [u, v]) => {
        const exact = expectedHypervolumeImprovement(points, reference);
        const at = (deviation: number): number =>
          exact({ mean: u, deviation }, { mean: v, deviation });
        expect(at(0)).toBeCloseTo(improvement(points, [u, v]), 10);
        expect(at(1e-9)).toBeCloseTo(at(0), 7);
      }),
    );
  });

  it('grows with the deviations, and does not mind points that add nothing', () => {
    const exact = expectedHypervolumeImprovement(front, reference);
    const wider = exact({ ...first, deviation: 1 }, second);
    expect(wider).toBeGreaterThan(exact(first, second));
    const more = [...front, [1, 2], [3, 3], [9, 0], [0, 9]] as Objectives[];
    expect(expectedHypervolumeImprovement(more, reference)(first, second)).toBe(
      exact(first, second),
    );
  });
});

describe('expectedImprovement', () => {
  it('stays positive and falls far from where there is something to gain', () => {
    const at = (z: number): number => expectedImprovement(0, { mean: z, deviation: 1 });
    for (let z = 0; z < 12; z++) {
      expect(at(z + 1)).toBeGreaterThan(0);
      expect(at(z + 1)).toBeLessThan(at(z));
    }
  });
});
