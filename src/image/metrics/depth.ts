// Evaluation of depth without a scale of its own, as Marigold does it: fit scale and shift to the truth by
// least squares, limit to the data set's range, compare.

import { createImage, type Image } from '../image.js';
import { requireSameSize } from './planes.js';

/** A predicted and a true depth map [1, H, W], and where the truth is known: not 0 in `valid` [H, W]. */
export interface DepthPair {
  readonly prediction: Image;
  readonly truth: Image;
  readonly valid: Uint8Array;
}

export interface AlignmentOptions {
  /** What scale and shift are fitted in: depth unless given, or disparity (one over depth), which a prediction may be. */
  readonly space?: 'depth' | 'disparity';
  /** Fits to fewer pixels where a side is longer than this. */
  readonly maxResolution?: number;
}

export interface DepthAlignment {
  /** Depth [1, H, W] of every pixel, in the truth's unit. */
  readonly aligned: Image;
  readonly scale: number;
  readonly shift: number;
}

const LEAST_DISPARITY = 1e-3;
const LEAST_DEPTH = 1e-6;

/**
 * Brings a prediction to the truth's scale: `scale * prediction + shift`, least squares over the valid pixels.
 * @throws RangeError when sizes differ, or fewer than two pixels are there to fit to.
 */
export function alignDepth(pair: DepthPair, options: AlignmentOptions = {}): DepthAlignment {
  requireSize(pair);
  const inDisparity = options.space === 'disparity';
  const target = inDisparity ? disparityPair(pair) : pair;
  const { scale, shift } = fitLine(shrink(target, options.maxResolution));
  const { prediction } = pair;
  const aligned = prediction.data.map((x) => {
    const fitted = Math.fround(x * scale + shift);
    return inDisparity ? 1 / Math.max(fitted, LEAST_DISPARITY) : fitted;
  });
  return { aligned: { ...prediction, data: aligned }, scale, shift };
}

/** Limits depths to a data set's range, and to what is above zero. */
export function clampDepth(depth: Image, min: number, max: number): Image {
  const limit = (x: number): number => Math.max(LEAST_DEPTH, Math.min(max, Math.max(min, x)));
  return { ...depth, data: depth.data.map(limit) };
}

/** How far depths are from the truth, over the valid pixels of one picture; 0 (1 for the deltas) where they are it. */
export interface DepthScores {
  readonly absRel: number;
  readonly sqRel: number;
  readonly rmse: number;
  readonly rmseLog: number;
  readonly log10: number;
  /** Of one over depth. */
  readonly inverseRmse: number;
  /** Scale-invariant error of logarithms, times 100. */
  readonly silog: number;
  /** The share of pixels whose ratio to the truth, whichever is larger, is below 1.25, its square and its cube. */
  readonly delta1: number;
  readonly delta2: number;
  readonly delta3: number;
}

/**
 * Scores aligned and clamped depth.
 * @throws RangeError when sizes differ or no pixel is valid.
 */
export function depthScores(pair: DepthPair): DepthScores {
  requireSize(pair);
  const pixels = validPixels(pair);
  if (pixels.length === 0) throw new RangeError('expected a valid pixel, got none');
  const mean = (term: (predicted: number, truth: number) => number): number =>
    pixels.reduce((sum, [predicted, truth]) => sum + term(predicted, truth), 0) / pixels.length;
  const logError = (p: number, t: number): number => Math.log(p) - Math.log(t);
  const within = (limit: number): number =>
    mean((p, t) => (Math.max(p / t, t / p) < limit ? 1 : 0));
  const meanLogError = mean(logError);
  return {
    absRel: mean((p, t) => Math.abs(p - t) / t),
    sqRel: mean((p, t) => (p - t) ** 2 / t),
    rmse: Math.sqrt(mean((p, t) => (p - t) ** 2)),
    rmseLog: Math.sqrt(mean((p, t) => logError(p, t) ** 2)),
    log10: mean((p, t) => Math.abs(logError(p, t))) / Math.LN10,
    inverseRmse: Math.sqrt(mean((p, t) => (1 / p - 1 / t) ** 2)),
    silog: 100 * Math.sqrt(mean((p, t) => (logError(p, t) - meanLogError) ** 2)),
    delta1: within(1.25),
    delta2: within(1.25 ** 2),
    delta3: within(1.25 ** 3),
  };
}

/** The truth as disparity, valid where it and the prediction are above zero. */
function disparityPair({ prediction, truth, valid }: DepthPair): DepthPair {
  const disparity = truth.data.map((depth) => (depth > 0 ? 1 / depth : 0));
  const positive = valid.map((v, i) => (v && truth.data[i] > 0 && prediction.data[i] > 0 ? 1 : 0));
  return { prediction, truth: { ...truth, data: disparity }, valid: positive };
}

/**
 * Fewer columns, by the nearest, until the longer side would fit; the rows stay. So does the reference
 * implementation, whose published figures are what scores are compared with.
 */
function shrink(pair: DepthPair, maxResolution = Infinity): DepthPair {
  const { width, height } = pair.truth;
  const factor = Math.min(maxResolution / width, maxResolution / height);
  if (factor >= 1) return pair;
  const columns = Math.floor(width * factor);
  const step = Math.fround(1 / factor);
  const source = Array.from({ length: columns }, (_, x) =>
    Math.min(Math.floor(Math.fround(x * step)), width - 1),
  );
  const take = <A extends Float32Array | Uint8Array>(from: A, to: A): A => {
    for (let i = 0; i < to.length; i++) {
      to[i] = from[Math.floor(i / columns) * width + source[i % columns]];
    }
    return to;
  };
  const smaller = ({ data }: Image): Image =>
    createImage(columns, height, 1, take(data, new Float32Array(columns * height)));
  return {
    prediction: smaller(pair.prediction),
    truth: smaller(pair.truth),
    valid: take(pair.valid, new Uint8Array(columns * height)),
  };
}

/** The line `truth ~ scale * prediction + shift`; level where the prediction is. */
function fitLine(pair: DepthPair): { scale: number; shift: number } {
  const pixels = validPixels(pair);
  const count = pixels.length;
  if (count < 2) throw new RangeError(`expected at least 2 valid pixels to fit to, got ${count}`);
  const meanOf = (side: 0 | 1): number => pixels.reduce((sum, p) => sum + p[side], 0) / count;
  const [x, y] = [meanOf(0), meanOf(1)];
  const products = pixels.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0);
  const squares = pixels.reduce((sum, p) => sum + (p[0] - x) ** 2, 0);
  const scale = squares === 0 ? 0 : products / squares;
  return { scale, shift: y - scale * x };
}

function validPixels({ prediction, truth, valid }: DepthPair): [number, number][] {
  const pixels: [number, number][] = [];
  valid.forEach((isValid, i) => {
    if (isValid) pixels.push([prediction.data[i], truth.data[i]]);
  });
  return pixels;
}

function requireSize({ prediction, truth, valid }: DepthPair): void {
  requireSameSize(truth, prediction);
  if (valid.length === truth.data.length) return;
  throw new RangeError(
    `expected one map of depth and a mask of its size, got ${truth.channels} channels of ` +
      `${truth.width}x${truth.height} and ${valid.length} elements`,
  );
}
