// Natural scene statistics of NIQE (Mittal, Soundararajan, Bovik 2013), after the definition in BasicSR.

import { resampleTaps } from '../resample.js';
import { filterSeparable, gaussianWindow, windowTaps } from '../separable.js';
import { logGamma } from '../specialFunctions.js';

export const BLOCK = 96;
export const FEATURES = 36;
const WINDOW = 7;
const SIGMA = 7 / 6;
/** Rows and columns to the neighbour that a coefficient is multiplied with. */
const NEIGHBOURS = [
  [0, 1],
  [1, 0],
  [1, 1],
  [1, -1],
] as const;

export interface NiqeBlock {
  /** 18 statistics at full size, then 18 at half size; NaN where a flat block leaves one undefined. */
  readonly features: Float64Array;
  /** The mean local standard deviation at full size. */
  readonly sharpness: number;
}

/** The blocks of 96x96 pixels of a luma plane [H, W] in 8-bit units; what is left at the right and bottom is dropped. */
export function niqeBlocks(luma: Float32Array, width: number, height: number): NiqeBlock[] {
  const columns = Math.floor(width / BLOCK);
  const rows = Math.floor(height / BLOCK);
  if (columns === 0 || rows === 0) return [];
  const full = cropPlane(luma, width, columns * BLOCK, rows * BLOCK);
  const half = halve(full, columns * BLOCK, rows * BLOCK);
  const fine = normalize(full, columns * BLOCK, rows * BLOCK);
  const coarse = normalize(half, (columns * BLOCK) / 2, (rows * BLOCK) / 2);
  return Array.from({ length: columns * rows }, (_, block) => {
    const x = block % columns;
    const y = Math.floor(block / columns);
    const fineBlock = blockOf(fine.coefficients, columns, x, y, BLOCK);
    const coarseBlock = blockOf(coarse.coefficients, columns, x, y, BLOCK / 2);
    return {
      features: Float64Array.from([
        ...blockFeatures(fineBlock, BLOCK),
        ...blockFeatures(coarseBlock, BLOCK / 2),
      ]),
      sharpness: mean(blockOf(fine.deviation, columns, x, y, BLOCK)),
    };
  });
}

function cropPlane(
  plane: Float32Array,
  stride: number,
  width: number,
  height: number,
): Float32Array {
  const cropped = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    cropped.set(plane.subarray(y * stride, y * stride + width), y * width);
  }
  return cropped;
}

/** Half the size by MATLAB's antialiased bicubic. */
function halve(plane: Float32Array, width: number, height: number): Float32Array {
  const horizontal = resampleTaps(width, width / 2, 0.5, 'bicubic', true);
  const vertical = resampleTaps(height, height / 2, 0.5, 'bicubic', true);
  const out = new Float32Array((width * height) / 4);
  return filterSeparable(plane, width, height, horizontal, vertical, out);
}

/**
 * Mean-subtracted, contrast-normalised coefficients (eq. 1) and the local deviation that divides them.
 * In float32, like the reference: a flat region then equals its mean exactly, where float64 would leave
 * specks of either sign that count as coefficients.
 */
function normalize(plane: Float32Array, width: number, height: number) {
  const window = gaussianWindow(WINDOW, SIGMA);
  const horizontal = windowTaps(width, window, 'nearest');
  const vertical = windowTaps(height, window, 'nearest');
  const blur = (values: Float32Array) =>
    filterSeparable(values, width, height, horizontal, vertical, new Float32Array(values.length));
  const means = blur(plane);
  const squares = blur(plane.map((value) => value * value));
  const deviation = squares.map((square, i) =>
    Math.sqrt(Math.abs(square - Math.fround(means[i] * means[i]))),
  );
  const coefficients = plane.map((value, i) => (value - means[i]) / (deviation[i] + 1));
  return { coefficients, deviation };
}

function blockOf(
  plane: Float32Array,
  columns: number,
  x: number,
  y: number,
  side: number,
): Float32Array {
  const stride = columns * side;
  return cropPlane(plane.subarray(y * side * stride + x * side), stride, side, side);
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function blockFeatures(block: Float32Array, side: number): number[] {
  const { alpha, left, right } = fitAsymmetricGaussian(block);
  const features = [alpha, (left + right) / 2];
  for (const [rows, columns] of NEIGHBOURS) {
    const fit = fitAsymmetricGaussian(neighbourProducts(block, side, rows, columns));
    const spread = Math.exp(logGamma(2 / fit.alpha) - logGamma(1 / fit.alpha));
    features.push(fit.alpha, (fit.right - fit.left) * spread, fit.left, fit.right);
  }
  return features;
}

/** Each coefficient times the one `rows` above and `columns` to the left; the block wraps around. */
function neighbourProducts(
  block: Float32Array,
  side: number,
  rows: number,
  columns: number,
): Float32Array {
  const products = new Float32Array(block.length);
  for (let y = 0; y < side; y++) {
    const above = ((y - rows + side) % side) * side;
    for (let x = 0; x < side; x++) {
      products[y * side + x] = block[y * side + x] * block[above + ((x - columns + side) % side)];
    }
  }
  return products;
}

interface AsymmetricGaussian {
  readonly alpha: number;
  readonly left: number;
  readonly right: number;
}

/** Fits an asymmetric generalised Gaussian by its moments (eq. 4-7). */
function fitAsymmetricGaussian(values: Float32Array): AsymmetricGaussian {
  let [leftSquares, leftCount, rightSquares, rightCount, absolutes] = [0, 0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    absolutes += Math.abs(value);
    if (value < 0) {
      leftSquares += value * value;
      leftCount++;
    } else if (value > 0) {
      rightSquares += value * value;
      rightCount++;
    }
  }
  const leftDeviation = Math.sqrt(leftSquares / leftCount);
  const rightDeviation = Math.sqrt(rightSquares / rightCount);
  const skew = leftDeviation / rightDeviation;
  const ratio = absolutes ** 2 / (values.length * (leftSquares + rightSquares));
  const normalized = (ratio * (skew ** 3 + 1) * (skew + 1)) / (skew ** 2 + 1) ** 2;
  const alpha = shapeOfRatio(normalized);
  const scale = Math.exp((logGamma(1 / alpha) - logGamma(3 / alpha)) / 2);
  return { alpha, left: leftDeviation * scale, right: rightDeviation * scale };
}

/** The shape, of 0.2, 0.201, ... 10, whose moment ratio is nearest; the ratio grows with the shape. */
function shapeOfRatio(target: number): number {
  const shape = (step: number): number => 0.2 + step * 0.001;
  let low = 0;
  let high = 9800;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (momentRatio(shape(middle)) <= target) low = middle;
    else high = middle;
  }
  const lowIsNearest = !(
    Math.abs(momentRatio(shape(high)) - target) < Math.abs(momentRatio(shape(low)) - target)
  );
  return shape(lowIsNearest ? low : high);
}

function momentRatio(shape: number): number {
  return Math.exp(2 * logGamma(2 / shape) - logGamma(1 / shape) - logGamma(3 / shape));
}
