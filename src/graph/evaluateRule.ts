import type { ValueType } from './infer.js';

/** A value as the interpreter holds it: float64 numbers, whatever the dtype says. */
export interface Operand extends ValueType {
  readonly data: Float64Array;
}

/** Computes the elements of `result` (a type that inference has found), in row-major order. */
export type EvaluateRule<A> = (
  operands: readonly Operand[],
  attributes: A,
  result: ValueType,
) => Float64Array;
