/** Dimensions, outermost first. Maps are `[N, C, H, W]`, sequences `[batch, tokens, channels]`. */
export type Shape = readonly number[];

/** The number of elements of a tensor of this shape (1 for a scalar). */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Whether two shapes are of the same rank and equal in every axis. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** As messages show it: `[1, 3, 64, 64]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/**
 * The shape that two operands broadcast to, aligned at the last axis (the rule of NumPy and ONNX).
 * @throws RangeError when an axis differs and neither side is 1.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new RangeError(
        `expected shapes that broadcast, got ${formatShape(a)} and ${formatShape(b)}`,
      );
    }
    return left === 1 ? right : left;
  });
}

/**
 * Counts a negative axis from the end.
 * @throws RangeError when the axis lies outside `[-rank, rank)`.
 */
export function normalizeAxis(axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(normalized) || normalized < 0 || normalized >= rank) {
    throw new RangeError(`expected an axis in [${-rank}, ${rank}), got ${axis}`);
  }
  return normalized;
}
