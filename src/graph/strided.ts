import { elementCount, stridesOf, type Shape } from '../tensor/index.js';
import type { Operand } from './evaluateRule.js';

/** The elements at `offset + index . strides` for every index of `shape`, in row-major order. */
export function readStrided(
  data: Float64Array,
  shape: Shape,
  strides: readonly number[],
  offset = 0,
): Float64Array {
  const out = new Float64Array(elementCount(shape));
  const index = new Array<number>(shape.length).fill(0);
  let position = offset;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[position];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis];
      if (++index[axis] < shape[axis]) break;
      position -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** The elements of an operand broadcast to `shape`. */
export function broadcastTo({ data, shape: from }: Operand, shape: Shape): Float64Array {
  const strides = stridesOf(from);
  const missing = shape.length - from.length;
  const broadcast = shape.map((_, axis) =>
    axis < missing || from[axis - missing] === 1 ? 0 : strides[axis - missing],
  );
  return readStrided(data, shape, broadcast);
}

/** The elements with their axes in another order: axis `i` of the result is axis `perm[i]` of `shape`. */
export function permute(data: Float64Array, shape: Shape, perm: readonly number[]): Float64Array {
  const strides = stridesOf(shape);
  return readStrided(
    data,
    perm.map((axis) => shape[axis]),
    perm.map((axis) => strides[axis]),
  );
}

/** Rows of one axis, in the order of `rows`; zeros where it says -1. */
export function takeRows(
  data: Float64Array,
  shape: Shape,
  axis: number,
  rows: readonly number[],
): Float64Array {
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const out = new Float64Array(outer * rows.length * inner);
  for (let block = 0; block < outer; block++) {
    rows.forEach((row, i) => {
      if (row < 0) return;
      const start = (block * shape[axis] + row) * inner;
      out.set(data.subarray(start, start + inner), (block * rows.length + i) * inner);
    });
  }
  return out;
}
