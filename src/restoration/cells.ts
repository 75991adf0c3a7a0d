import { channelPlane, hasOpacity, type Image } from '../image/index.js';

/** An axis of pixels divided into cells of equal length, which need not be whole pixels. */
export interface CellAxis {
  readonly length: number;
  /** Where each cell ends, in pixels. */
  readonly ends: Float64Array;
  /** The cell where a pixel begins, and the part of the pixel that lies in it; the rest lies in the next. */
  of(pixel: number): { readonly first: number; readonly share: number };
}

export function cellAxis(length: number, count: number): CellAxis {
  const ends = Float64Array.from({ length: count }, (_, i) => ((i + 1) * length) / count);
  return {
    length,
    ends,
    of(pixel) {
      const first = Math.min(count - 1, Math.floor((pixel * count) / length));
      return { first, share: Math.min(1, ends[first] - pixel) };
    },
  };
}

/**
 * Sums of a row's colours over the cells of an axis, weighed by opacity, then those of the weights:
 * [colours + 1, cells].
 */
export function cellSums(image: Image, y: number, axis: CellAxis): Float64Array {
  const { width, channels } = image;
  const count = axis.ends.length;
  const colours = hasOpacity(channels) ? channels - 1 : channels;
  const sums = new Float64Array((colours + 1) * count);
  const rowOf = (channel: number): Float32Array =>
    channelPlane(image, channel).subarray(y * width, (y + 1) * width);
  const weights = hasOpacity(channels) ? rowOf(channels - 1) : undefined;
  for (let channel = 0; channel < colours; channel++) {
    const row = rowOf(channel);
    const weighed = weights ? row.map((value, x) => value * weights[x]) : row;
    addRow(weighed, axis, sums.subarray(channel * count, (channel + 1) * count));
  }
  const total = sums.subarray(colours * count);
  if (weights) addRow(weights, axis, total);
  else total.fill(axis.length / count);
  return sums;
}

function addRow(row: Float32Array, { ends }: CellAxis, sums: Float64Array): void {
  let x = 0;
  for (let cell = 0; cell < sums.length; cell++) {
    const whole = Math.min(row.length, Math.floor(ends[cell] + 1e-9));
    let sum = 0;
    for (; x < whole; x++) sum += row[x];
    sums[cell] += sum;
    const part = ends[cell] - whole;
    if (part > 1e-9 && x < row.length) {
      sums[cell] += part * row[x];
      sums[cell + 1] += (1 - part) * row[x];
      x++;
    }
  }
}
