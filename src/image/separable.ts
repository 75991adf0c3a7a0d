// A separable filter is two lists of taps, one per axis, with every edge already resolved to a source
// position. Resampling, Gaussian windows and local means differ only in how those lists are built.

/** One channel, [H, W]. */
export type Plane = Float32Array | Float64Array;

/** What one axis of a separable filter reads: `count` source positions for each of `length` results. */
export interface AxisTaps {
  readonly length: number;
  readonly count: number;
  /** [length, count], positions along the source axis. */
  readonly indices: Int32Array;
  /** [length, count] */
  readonly weights: Float64Array;
}

/**
 * How an axis goes on beyond its ends: `symmetric` mirrors with the edge sample repeated (MATLAB),
 * `reflect` mirrors about it (torch), `nearest` repeats it.
 */
export type Edge = 'symmetric' | 'reflect' | 'nearest';

/** The position in [0, length) that a position beyond the ends stands for. */
export function edgePosition(position: number, length: number, edge: Edge): number {
  if (edge === 'nearest') return Math.min(length - 1, Math.max(0, position));
  if (length === 1) return 0;
  const period = edge === 'symmetric' ? 2 * length : 2 * length - 2;
  const wrapped = ((position % period) + period) % period;
  if (wrapped < length) return wrapped;
  return edge === 'symmetric' ? period - 1 - wrapped : period - wrapped;
}

/** Taps of a centred window of odd size, correlated along an axis of `length` samples. */
export function windowTaps(length: number, window: ArrayLike<number>, edge: Edge): AxisTaps {
  const count = window.length;
  const taps = emptyTaps(length, count);
  const radius = (count - 1) / 2;
  for (let i = 0; i < length; i++) {
    for (let tap = 0; tap < count; tap++) {
      taps.indices[i * count + tap] = edgePosition(i + tap - radius, length, edge);
      taps.weights[i * count + tap] = window[tap];
    }
  }
  return taps;
}

/** Taps of a window at those places only where it lies wholly inside the axis. */
export function validTaps(length: number, window: ArrayLike<number>): AxisTaps {
  const count = window.length;
  const taps = emptyTaps(Math.max(0, length - count + 1), count);
  for (let i = 0; i < taps.length; i++) {
    for (let tap = 0; tap < count; tap++) {
      taps.indices[i * count + tap] = i + tap;
      taps.weights[i * count + tap] = window[tap];
    }
  }
  return taps;
}

export function emptyTaps(length: number, count: number): AxisTaps {
  return {
    length,
    count,
    indices: new Int32Array(length * count),
    weights: new Float64Array(length * count),
  };
}

/** A Gaussian of `size` samples about their centre, summing to 1. */
export function gaussianWindow(size: number, sigma: number): Float64Array {
  const centre = (size - 1) / 2;
  const window = Float64Array.from({ length: size }, (_, i) =>
    Math.exp(-((i - centre) ** 2) / (2 * sigma * sigma)),
  );
  const sum = window.reduce((total, weight) => total + weight, 0);
  return window.map((weight) => weight / sum);
}

/**
 * Filters a plane [height, width] into `out`, [vertical.length, horizontal.length].
 * The axis that shrinks comes first, so that the second one has less to do.
 */
export function filterSeparable<T extends Plane>(
  plane: Plane,
  width: number,
  height: number,
  horizontal: AxisTaps,
  vertical: AxisTaps,
  out: T,
): T {
  if (vertical.length < height) {
    const between = new Float64Array(vertical.length * width);
    filterColumns(plane, width, vertical, between);
    filterRows(between, width, horizontal, out);
  } else {
    const between = new Float64Array(height * horizontal.length);
    filterRows(plane, width, horizontal, between);
    filterColumns(between, horizontal.length, vertical, out);
  }
  return out;
}

function filterRows(plane: Plane, width: number, taps: AxisTaps, out: Plane): void {
  const { length, count, indices, weights } = taps;
  const rows = out.length / length;
  for (let y = 0, to = 0; y < rows; y++) {
    const row = y * width;
    for (let x = 0, tap = 0; x < length; x++) {
      const end = tap + count;
      let sum = 0;
      for (; tap + 4 <= end; tap += 4) {
        sum +=
          weights[tap] * plane[row + indices[tap]] +
          weights[tap + 1] * plane[row + indices[tap + 1]] +
          weights[tap + 2] * plane[row + indices[tap + 2]] +
          weights[tap + 3] * plane[row + indices[tap + 3]];
      }
      for (; tap < end; tap++) sum += weights[tap] * plane[row + indices[tap]];
      out[to++] = sum;
    }
  }
}

/** Sums whole rows, four at a time: their elements lie side by side, and the sums are stored less often. */
function filterColumns(plane: Plane, width: number, taps: AxisTaps, out: Plane): void {
  const { length, count, indices, weights } = taps;
  const sums = new Float64Array(width);
  for (let y = 0; y < length; y++) {
    const end = (y + 1) * count;
    let tap = y * count;
    sums.fill(0);
    for (; tap + 4 <= end; tap += 4) addFourRows(plane, width, indices, weights, tap, sums);
    for (; tap < end; tap++) {
      const weight = weights[tap];
      const from = indices[tap] * width;
      for (let x = 0; x < width; x++) sums[x] += weight * plane[from + x];
    }
    for (let x = 0, to = y * width; x < width; x++) out[to++] = sums[x];
  }
}

function addFourRows(
  plane: Plane,
  width: number,
  indices: Int32Array,
  weights: Float64Array,
  tap: number,
  sums: Float64Array,
): void {
  const a = weights[tap];
  const b = weights[tap + 1];
  const c = weights[tap + 2];
  const d = weights[tap + 3];
  const fromA = indices[tap] * width;
  const fromB = indices[tap + 1] * width;
  const fromC = indices[tap + 2] * width;
  const fromD = indices[tap + 3] * width;
  for (let x = 0; x < width; x++) {
    sums[x] +=
      a * plane[fromA + x] + b * plane[fromB + x] + c * plane[fromC + x] + d * plane[fromD + x];
  }
}
