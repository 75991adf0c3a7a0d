import { besselJ1 } from '../../specialFunctions.js';

/** A square blur kernel of odd size; the weights [size, size] sum to 1. */
export interface BlurKernel {
  readonly size: number;
  readonly weights: Float64Array;
}

/** The ellipse of a blur: standard deviations in pixels along two axes, turned by `rotation` radians. */
export interface BlurEllipse {
  readonly sigmaX: number;
  readonly sigmaY: number;
  readonly rotation: number;
}

/** A bivariate Gaussian. */
export function gaussianKernel(size: number, ellipse: BlurEllipse): BlurKernel {
  return ellipticKernel(size, ellipse, (distance) => Math.exp(-0.5 * distance));
}

/** A generalised Gaussian: exponents `beta` above 1 flatten the top and steepen the sides, below 1 the reverse. */
export function generalizedGaussianKernel(
  size: number,
  ellipse: BlurEllipse,
  beta: number,
): BlurKernel {
  return ellipticKernel(size, ellipse, (distance) => Math.exp(-0.5 * distance ** beta));
}

/** A plateau: flat within the ellipse, falling by the power `2 * beta` outside of it. */
export function plateauKernel(size: number, ellipse: BlurEllipse, beta: number): BlurKernel {
  return ellipticKernel(size, ellipse, (distance) => 1 / (distance ** beta + 1));
}

/** An ideal circular low pass, which rings; `cutoff` in radians per pixel, (0, pi]. */
export function sincKernel(size: number, cutoff: number): BlurKernel {
  // Many pixels are equally far from the centre, and the function takes long.
  const known = new Map<number, number>();
  const weigh = (square: number): number => {
    const radius = Math.sqrt(square);
    if (radius === 0) return cutoff ** 2 / (4 * Math.PI);
    return (cutoff * besselJ1(cutoff * radius)) / (2 * Math.PI * radius);
  };
  return kernelOf(size, (x, y) => {
    const square = x * x + y * y;
    const weight = known.get(square) ?? weigh(square);
    known.set(square, weight);
    return weight;
  });
}

/**
 * The same kernel with zeros around it.
 * @throws RangeError when `size` is not odd or smaller than the kernel.
 */
export function padKernel(kernel: BlurKernel, size: number): BlurKernel {
  requireOdd(size);
  if (size < kernel.size) {
    throw new RangeError(`expected a kernel size of ${kernel.size} or more, got ${size}`);
  }
  const margin = (size - kernel.size) / 2;
  const weights = new Float64Array(size * size);
  for (let y = 0; y < kernel.size; y++) {
    const row = kernel.weights.subarray(y * kernel.size, (y + 1) * kernel.size);
    weights.set(row, (y + margin) * size + margin);
  }
  return { size, weights };
}

/**
 * The kernel without what is below a ten thousandth of its largest weight, cut to the square that is left: most drawn
 * kernels are far smaller than the size they are drawn for. What is left sums to 1.
 */
export function trimKernel({ size, weights }: BlurKernel): BlurKernel {
  const radius = (size - 1) / 2;
  const least = 1e-4 * weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  let reach = 0;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    if (Math.abs(weights[i]) < least) continue;
    sum += weights[i];
    const [x, y] = [(i % size) - radius, Math.floor(i / size) - radius];
    reach = Math.max(reach, Math.abs(x), Math.abs(y));
  }
  const trimmed = 2 * reach + 1;
  const kept = Float64Array.from({ length: trimmed * trimmed }, (_, i) => {
    const [x, y] = [(i % trimmed) - reach, Math.floor(i / trimmed) - reach];
    const weight = weights[(y + radius) * size + x + radius];
    return Math.abs(weight) < least ? 0 : weight / sum;
  });
  return { size: trimmed, weights: kept };
}

/** The size of a Gaussian without what is below a ten thousandth of its peak, at most `size`. */
export function trimmedSize(size: number, sigma: number): number {
  return Math.min(size, 2 * Math.ceil(4.3 * sigma) + 1);
}

/** A kernel whose weight depends on the squared Mahalanobis distance from the centre. */
function ellipticKernel(
  size: number,
  { sigmaX, sigmaY, rotation }: BlurEllipse,
  weight: (distance: number) => number,
): BlurKernel {
  if (!(sigmaX > 0) || !(sigmaY > 0)) {
    throw new RangeError(`expected blur sigmas above 0, got ${sigmaX} and ${sigmaY}`);
  }
  const cosine = Math.cos(rotation);
  const sine = Math.sin(rotation);
  return kernelOf(size, (x, y) => {
    const along = (cosine * x + sine * y) / sigmaX;
    const across = (cosine * y - sine * x) / sigmaY;
    return weight(along * along + across * across);
  });
}

/** Evaluates a function of the offset from the centre, and normalises. */
function kernelOf(size: number, weight: (x: number, y: number) => number): BlurKernel {
  requireOdd(size);
  const radius = (size - 1) / 2;
  const weights = Float64Array.from({ length: size * size }, (_, i) =>
    weight((i % size) - radius, Math.floor(i / size) - radius),
  );
  const sum = weights.reduce((total, value) => total + value, 0);
  return { size, weights: weights.map((value) => value / sum) };
}

function requireOdd(size: number): void {
  if (!Number.isInteger(size) || size < 1 || size % 2 === 0) {
    throw new RangeError(`expected an odd kernel size, got ${size}`);
  }
}
