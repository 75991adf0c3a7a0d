import type { GraphBuilder, Value } from '../graph/index.js';

/**
 * The largest of each 3x3 window, two cells apart, of a map `[N, C, H, W]` that is nowhere negative (what ReLU gives); windows at the
 * end may reach beyond the map (torch's `MaxPool2d(3, 2, ceil_mode=True)`). Rows first, then columns.
 */
export function maxPoolCeil(b: GraphBuilder, x: Value): Value {
  return [2, 3].reduce((map, axis) => largestOfThree(b, map, axis), x);
}

function largestOfThree(b: GraphBuilder, x: Value, axis: number): Value {
  const length = x.shape[axis];
  const count = Math.ceil((length - 3) / 2) + 1;
  const after = x.shape.map((_, i) => (i === axis ? Math.max(0, 2 * count + 1 - length) : 0));
  // Nothing is below zero, so zeros change no maximum.
  const padded = b.pad(
    x,
    x.shape.map(() => 0),
    after,
  );
  const shifted = [0, 1, 2].map((start) =>
    b.apply('slice', [padded], {
      starts: padded.shape.map((_, i) => (i === axis ? start : 0)),
      ends: padded.shape.map((n, i) => (i === axis ? start + 2 * count - 1 : n)),
      steps: padded.shape.map((_, i) => (i === axis ? 2 : 1)),
    }),
  );
  return shifted.reduce((a, c) => b.apply('max', [a, c], {}));
}
