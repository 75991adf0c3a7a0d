import { formatShape, sameShape, type DType, type Shape } from '../tensor/index.js';

export interface ValueType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The type of an operator's result. @throws Error saying what was expected and what was there. */
export type InferRule<A> = (inputs: readonly ValueType[], attributes: A) => ValueType;

export function requireRank(x: ValueType, rank: number): void {
  if (x.shape.length !== rank) throw mismatch(`rank ${rank}`, formatShape(x.shape));
}

export function requireDType(x: ValueType, dtype: DType): void {
  if (x.dtype !== dtype) throw mismatch(dtype, x.dtype);
}

export function requireSameDType(a: ValueType, b: ValueType): void {
  if (a.dtype !== b.dtype) throw mismatch('one dtype', `${a.dtype} and ${b.dtype}`);
}

/** Axes of a graph are counted from the front; only softmax's may be negative. */
export function requireAxis(axis: number, rank: number): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= rank) {
    throw mismatch(`an axis in [0, ${rank})`, `${axis}`);
  }
}

export function requireVector(x: ValueType, vector: ValueType | undefined, length: number): void {
  if (vector === undefined) return;
  requireSameDType(x, vector);
  if (!sameShape(vector.shape, [length])) {
    throw mismatch(`[${length}]`, formatShape(vector.shape));
  }
}

export function mismatch(expected: string, got: string): Error {
  return new Error(`expected ${expected}, got ${got}`);
}
