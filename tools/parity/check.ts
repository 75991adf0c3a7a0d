import type { Tensor } from '../../src/tensor/index.js';

/** One comparison with a golden: it holds when `error` is at most `tolerance`. */
export interface CheckResult {
  readonly name: string;
  readonly error: number;
  readonly tolerance: number;
}

/** A comparison that could not be made, and why. */
export interface SkippedCheck {
  readonly name: string;
  readonly skipped: string;
}

export type Check = CheckResult | SkippedCheck;

/** Compares one case: its directory and what its case.json holds. */
export type CheckCase = (directory: string, caseJson: unknown) => Promise<readonly Check[]>;

/** The error as a part of what is allowed; above 1, or NaN, the check fails. */
export function worstRatio({ error, tolerance }: CheckResult): number {
  return error === 0 ? 0 : error / tolerance;
}

/** The largest absolute difference; Infinity when the lengths differ. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= largest)) largest = difference;
    if (Number.isNaN(difference)) return NaN;
  }
  return largest;
}

/** The part of all values that differ by more than `limit`. */
export function fractionBeyond(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  limit: number,
): number {
  if (actual.length !== expected.length) return Infinity;
  let beyond = 0;
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= limit)) beyond++;
  }
  return beyond / expected.length;
}

/** The tensor of that name, of a data file that a case names. */
export function requireTensor(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const found = tensors.get(name);
  if (!found) throw new Error(`expected a tensor "${name}" in the data of the case`);
  return found;
}
