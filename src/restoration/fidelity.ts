import type { Weights } from '../tensor/index.js';
import { interpolateWeights } from '../weights/index.js';

/** The set of weights that does only what is certain, beside those that are sharpest. */
export interface FaithfulWeights {
  /** float32, by state-dict key. */
  readonly weights: Weights;
  /** How much of them is taken unless said otherwise: 0 to 1. */
  readonly default: number;
}

/**
 * The fidelity that a restorer works at, given what is asked for and what it does by default; undefined for
 * a model with one set of weights.
 * @throws RangeError for a fidelity outside 0 to 1, and for any where there is one set of weights.
 */
export function chosenFidelity(
  asked: number | undefined,
  usual: number | undefined,
): number | undefined {
  if (asked === undefined) return usual;
  if (usual === undefined) {
    throw new RangeError(`expected no fidelity, as the model has one set of weights, got ${asked}`);
  }
  if (asked >= 0 && asked <= 1) return asked;
  throw new RangeError(
    `expected a fidelity from 0 (sharpest) to 1 (only what is certain), got ${asked}`,
  );
}

/** The weights at a fidelity: at 0 the sharp ones, at 1 the faithful ones, on the line between them elsewhere. */
export function weightsAt(
  sharp: Weights,
  faithful: FaithfulWeights | undefined,
  fidelity: number | undefined,
): Weights {
  if (!faithful || fidelity === undefined) return sharp;
  return interpolateWeights(sharp, faithful.weights, fidelity);
}
