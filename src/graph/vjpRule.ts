import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';

/** One operation seen from behind: its operands, its result, and the gradient that arrives at it. */
export interface Cotangent<A = unknown> {
  readonly inputs: readonly Value[];
  readonly attributes: A;
  readonly output: Value;
  /** The gradient with respect to `output`, of its shape. */
  readonly dy: Value;
  /** Which operands' gradients are wanted; rules may skip the others. */
  readonly wanted: readonly boolean[];
}

/** Gradients of the operands; null (or nothing) where none flows. */
export type VjpRule<A> = (b: GraphBuilder, at: Cotangent<A>) => (Value | null)[];
