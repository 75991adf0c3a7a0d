import type { Prediction } from './gaussianProcess.js';
import { normalDensity, normalProbability } from './normalDistribution.js';
import { paretoFront, type Objectives } from './pareto.js';

/** Up to `end` of the first objective, from the step before, the front lies at `height`: below it is better. */
interface Step {
  readonly end: number;
  readonly height: number;
}

/**
 * The expected hypervolume improvement of a candidate whose two objectives, to be minimised, are independent
 * normal variables; a deviation of 0 makes an objective known.
 *
 * A point (u, v) improves the hypervolume by the integral over x, from u to the reference, of how far v lies
 * below the front at x. The front is a staircase, so the expectation is exact and linear in its points: the sum
 * over steps of (EI1(end) - EI1(start)) EI2(height), with the expected improvement EI(t) = E[max(0, t - X)] of
 * each objective (as in Emmerich, Yang, Deutz, Wang and Fonseca 2016, who sum over the same cells).
 * @returns a function that takes O(points on the front); the front itself is sorted once.
 */
export function expectedHypervolumeImprovement(
  points: readonly Objectives[],
  reference: Objectives,
): (first: Prediction, second: Prediction) => number {
  const steps = staircase(points, reference);
  return (first, second) => {
    let sum = 0;
    let before = 0;
    for (const { end, height } of steps) {
      const upTo = expectedImprovement(end, first);
      sum += (upTo - before) * expectedImprovement(height, second);
      before = upTo;
    }
    return sum;
  };
}

/** The steps of the front from left to right, the first from minus infinity and the last to the reference. */
function staircase(points: readonly Objectives[], reference: Objectives): Step[] {
  const steps: Step[] = [];
  let height = reference[1];
  for (const [x, y] of paretoFront(points, (point) => point)) {
    if (x >= reference[0] || y >= height) continue;
    steps.push({ end: x, height });
    height = y;
  }
  steps.push({ end: reference[0], height });
  return steps;
}

/** E[max(0, threshold - X)] of a normal X: what it is expected to be better than a threshold. */
export function expectedImprovement(threshold: number, { mean, deviation }: Prediction): number {
  const margin = threshold - mean;
  if (deviation === 0) return Math.max(0, margin);
  const z = margin / deviation;
  return Math.max(0, deviation * normalDensity(z) + margin * normalProbability(z));
}
