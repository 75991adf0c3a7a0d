import { channelPlane, createImage, type Image } from './image.js';
import { edgePosition, emptyTaps, filterSeparable, type AxisTaps } from './separable.js';

export type ResizeKernel = 'bicubic' | 'bilinear' | 'lanczos3' | 'box';

/** The size of a result: a factor for both sides, which round up, or the sides themselves. */
export type ResizeTarget =
  { readonly scale: number } | { readonly width: number; readonly height: number };

export type ResizeOptions = ResizeTarget & {
  /** `bicubic` unless given. */
  readonly kernel?: ResizeKernel;
  /** Whether shrinking widens the kernel to keep out aliases; true unless given. */
  readonly antialias?: boolean;
};

interface Interpolation {
  /** The kernel is zero beyond half of this. */
  readonly width: number;
  readonly weight: (distance: number) => number;
}

const interpolations: Readonly<Record<ResizeKernel, Interpolation>> = {
  bicubic: { width: 4, weight: cubic },
  bilinear: { width: 2, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  lanczos3: { width: 6, weight: lanczos3 },
  box: { width: 1, weight: (distance) => (distance >= -0.5 && distance < 0.5 ? 1 : 0) },
};

/** Keys' cubic convolution with a = -0.5. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x <= 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

function lanczos3(distance: number): number {
  if (distance === 0) return 1;
  if (Math.abs(distance) >= 3) return 0;
  const x = Math.PI * distance;
  return (3 * Math.sin(x) * Math.sin(x / 3)) / (x * x);
}

/**
 * Resizes as MATLAB's `imresize` does: pixel centres at half-integers, symmetric edges, sides of
 * ceil(side * scale). Bicubic overshoots: values may leave [0, 1].
 * @throws RangeError when the scale or a side is not positive.
 */
export function imresize(image: Image, options: ResizeOptions): Image {
  const { width, height, scaleX, scaleY } = targetSize(image, options);
  const { kernel = 'bicubic', antialias = true } = options;
  const horizontal = resampleTaps(image.width, width, scaleX, kernel, antialias);
  const vertical = resampleTaps(image.height, height, scaleY, kernel, antialias);
  const resized = createImage(width, height, image.channels);
  for (let channel = 0; channel < image.channels; channel++) {
    const source = channelPlane(image, channel);
    const out = channelPlane(resized, channel);
    filterSeparable(source, image.width, image.height, horizontal, vertical, out);
  }
  return resized;
}

/** Resizes by taking, for each pixel, the one whose area holds its centre. */
export function resizeNearest(image: Image, target: ResizeTarget): Image {
  const { width, height } = targetSize(image, target);
  const resized = createImage(width, height, image.channels);
  const columns = Int32Array.from({ length: width }, (_, x) =>
    Math.floor(((x + 0.5) * image.width) / width),
  );
  for (let channel = 0; channel < image.channels; channel++) {
    const source = channelPlane(image, channel);
    const out = channelPlane(resized, channel);
    for (let y = 0, to = 0; y < height; y++) {
      const row = Math.floor(((y + 0.5) * image.height) / height) * image.width;
      for (let x = 0; x < width; x++) out[to++] = source[row + columns[x]];
    }
  }
  return resized;
}

function targetSize(image: Image, target: ResizeTarget) {
  if ('scale' in target) {
    const { scale } = target;
    if (!(scale > 0)) throw new RangeError(`expected a scale above 0, got ${scale}`);
    const width = Math.ceil(image.width * scale);
    const height = Math.ceil(image.height * scale);
    return { width, height, scaleX: scale, scaleY: scale };
  }
  const { width, height } = target;
  if (!(width >= 1) || !(height >= 1)) {
    throw new RangeError(`expected sides of at least 1 pixel, got ${width}x${height}`);
  }
  return { width, height, scaleX: width / image.width, scaleY: height / image.height };
}

/**
 * The taps that resample an axis of `length` samples to `outLength` at `scale`, as MATLAB's `imresize`
 * weighs them: normalised to sum to 1, and without the columns that are zero throughout.
 */
export function resampleTaps(
  length: number,
  outLength: number,
  scale: number,
  kernel: ResizeKernel,
  antialias: boolean,
): AxisTaps {
  const { width, weight } = interpolations[kernel];
  const shrink = antialias ? Math.min(1, scale) : 1;
  const kernelWidth = width / shrink;
  const count = Math.ceil(kernelWidth) + 2;
  const taps = emptyTaps(outLength, count);
  for (let i = 0; i < outLength; i++) {
    const centre = (i + 0.5) / scale - 0.5;
    const left = Math.floor(centre - kernelWidth / 2);
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const value = weight((centre - left - tap) * shrink);
      taps.indices[i * count + tap] = edgePosition(left + tap, length, 'symmetric');
      taps.weights[i * count + tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < count; tap++) taps.weights[i * count + tap] /= sum;
  }
  return withoutZeroColumns(taps);
}

function withoutZeroColumns(taps: AxisTaps): AxisTaps {
  const isUsed = (column: number): boolean => {
    for (let i = 0; i < taps.length; i++) {
      if (taps.weights[i * taps.count + column] !== 0) return true;
    }
    return false;
  };
  let first = 0;
  let end = taps.count;
  while (first < end - 1 && !isUsed(first)) first++;
  while (end - 1 > first && !isUsed(end - 1)) end--;
  const trimmed = emptyTaps(taps.length, end - first);
  for (let i = 0; i < taps.length; i++) {
    const from = i * taps.count;
    trimmed.indices.set(taps.indices.subarray(from + first, from + end), i * trimmed.count);
    trimmed.weights.set(taps.weights.subarray(from + first, from + end), i * trimmed.count);
  }
  return trimmed;
}
