import { resampleTaps } from '../image/resample.js';
import type { AxisTaps } from '../image/separable.js';

/** Input pixels over which neighbouring tiles fade into one another. */
export const featherWidth = 8;

/** One axis of the restored picture, and how the network's enlargement of the input comes to it. */
export interface OutputAxis {
  /** Input pixels. */
  readonly from: number;
  /** Output pixels. */
  readonly to: number;
  /** What the network enlarges by. */
  readonly scale: number;
  /** From the network's pixels to those of the output; undefined where they are the same. */
  readonly taps?: AxisTaps;
}

export function outputAxis(from: number, to: number, scale: number): OutputAxis {
  const enlarged = from * scale;
  if (enlarged === to) return { from, to, scale };
  return {
    ...{ from, to, scale },
    taps: resampleTaps(enlarged, to, to / enlarged, 'bicubic', true),
  };
}

/** The output pixels that a tile adds to along an axis, and the weight of each. */
export interface AxisShare {
  readonly first: number;
  readonly weights: Float32Array;
}

/**
 * The share of a tile that is kept from input pixel `from` to `to`. At the inner boundaries it fades along a
 * raised cosine; the shares of all tiles of an axis sum to 1 at every pixel.
 */
export function axisShare(axis: OutputAxis, from: number, to: number): AxisShare {
  const perInput = axis.to / axis.from;
  const half = featherWidth / 2;
  const first = from === 0 ? 0 : Math.max(0, Math.floor((from - half) * perInput));
  const end = to === axis.from ? axis.to : Math.min(axis.to, Math.ceil((to + half) * perInput));
  const weights = new Float32Array(end - first);
  for (let i = first; i < end; i++) {
    const position = (i + 0.5) / perInput;
    const begun = from === 0 ? 1 : fade(position - from);
    const ended = to === axis.from ? 0 : fade(position - to);
    weights[i - first] = begun - ended;
  }
  return { first, weights };
}

/** The taps of some output pixels, on a tile whose first pixel is the network's pixel `origin`. */
export function tapsWithin(
  { taps }: OutputAxis,
  { first, weights }: AxisShare,
  origin: number,
): AxisTaps {
  const { length } = weights;
  if (!taps) return singleTaps(length, first - origin);
  const { count } = taps;
  const [begin, end] = [first * count, (first + length) * count];
  return {
    length,
    count,
    indices: taps.indices.slice(begin, end).map((index) => index - origin),
    weights: taps.weights.subarray(begin, end),
  };
}

function singleTaps(length: number, start: number): AxisTaps {
  const indices = Int32Array.from({ length }, (_, i) => start + i);
  return { length, count: 1, indices, weights: new Float64Array(length).fill(1) };
}

/** 0 to 1 over the feather, as a raised cosine. */
function fade(distance: number): number {
  const t = Math.min(1, Math.max(0, distance / featherWidth + 0.5));
  return 0.5 - 0.5 * Math.cos(Math.PI * t);
}
