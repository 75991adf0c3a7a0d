import { fromFloat64, type Shape } from '../tensor/index.js';
import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';
import type { Attributes } from './operators.js';
import { interpolationMatrix } from './resample.js';

export function sliceVjp(
  b: GraphBuilder,
  shape: Shape,
  { starts, ends, steps }: Attributes['slice'],
  dy: Value,
): Value {
  const plain = steps.every((step) => step === 1);
  if (plain)
    return b.pad(
      dy,
      starts,
      shape.map((n, axis) => n - ends[axis]),
    );
  // Strided or reversed: one axis at a time, rows scattered back to where they came from.
  return shape.reduce((grad, n, axis) => {
    if (starts[axis] === 0 && ends[axis] === n && steps[axis] === 1) return grad;
    return scatterRows(b, grad, axis, n, (i) => starts[axis] + i * steps[axis]);
  }, dy);
}

export function padVjp(
  b: GraphBuilder,
  shape: Shape,
  { before, after, mode }: Attributes['pad'],
  dy: Value,
): Value {
  if (mode === 'constant' && [...before, ...after].some((length) => length < 0)) {
    return b.pad(dy, before.map((length) => -length), after.map((length) => -length)); // prettier-ignore
  }
  if (mode === 'constant') {
    return b.apply('slice', [dy], {
      starts: before,
      ends: shape.map((n, axis) => before[axis] + n),
      steps: shape.map(() => 1),
    });
  }
  // Every padded row is a copy of an inner one: send its gradient there.
  return shape.reduce((grad, n, axis) => {
    if (before[axis] === 0 && after[axis] === 0) return grad;
    return scatterRows(b, grad, axis, n, (i) => {
      const source = i - before[axis];
      if (mode === 'edge') return Math.min(Math.max(source, 0), n - 1);
      return source < 0 ? -source : source >= n ? 2 * (n - 1) - source : source;
    });
  }, dy);
}

/** Adds row i of an axis to row `target(i)` of an axis that is `length` long. */
function scatterRows(
  b: GraphBuilder,
  x: Value,
  axis: number,
  length: number,
  target: (row: number) => number,
): Value {
  const rows = x.shape[axis];
  const data = BigInt64Array.from({ length: rows }, (_, i) => BigInt(target(i)));
  const indices = b.constant({ dtype: 'int64', shape: [rows], data });
  return b.apply('scatterAdd', [indices, x], { axis, size: length });
}

/** Both modes are linear and separable, y = A x B'; the adjoint is A' dy B. */
export function resizeVjp(
  b: GraphBuilder,
  shape: Shape,
  { mode, height, width }: Attributes['resize'],
  dy: Value,
): Value {
  const [n, c, h, w] = shape;
  if (mode === 'nearest' && height % h === 0 && width % w === 0) {
    const blocks = b.reshape(dy, [n, c, h, height / h, w, width / w]);
    return b.reshape(b.reduceSum(blocks, [3, 5]), shape);
  }
  const matrix = (inLength: number, outLength: number): Value => {
    const numbers = interpolationMatrix(mode, inLength, outLength);
    return b.constant(fromFloat64(dy.dtype, [outLength, inLength], numbers));
  };
  return b.matmul(b.matmul(b.transpose(matrix(h, height), [1, 0]), dy), matrix(w, width));
}
