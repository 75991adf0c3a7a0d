import { channelPlane, createImage, type Image } from '../../image.js';
import { edgePosition, filterSeparable, gaussianWindow, windowTaps } from '../../separable.js';
import type { BlurKernel } from './kernels.js';

/** Correlates each channel with a kernel; edges reflect without repeating the edge pixel. */
export function filter2D(image: Image, kernel: BlurKernel): Image {
  const filtered = createImage(image.width, image.height, image.channels);
  for (let channel = 0; channel < image.channels; channel++) {
    const padded = padReflected(image, channel, (kernel.size - 1) / 2);
    correlate(padded, kernel, image.width, image.height, channelPlane(filtered, channel));
  }
  return filtered;
}

/** Isotropic Gaussian blur with `size` x `size` weights: `filter2D` by two passes. */
export function gaussianBlur(image: Image, size: number, sigma: number): Image {
  const { width, height } = image;
  const window = gaussianWindow(size, sigma);
  const horizontal = windowTaps(width, window, 'reflect');
  const vertical = windowTaps(height, window, 'reflect');
  const blurred = createImage(width, height, image.channels);
  for (let channel = 0; channel < image.channels; channel++) {
    const source = channelPlane(image, channel);
    filterSeparable(source, width, height, horizontal, vertical, channelPlane(blurred, channel));
  }
  return blurred;
}

function padReflected(image: Image, channel: number, margin: number): Float64Array {
  const { width, height } = image;
  const source = channelPlane(image, channel);
  const stride = width + 2 * margin;
  const columns = Int32Array.from({ length: stride }, (_, x) =>
    edgePosition(x - margin, width, 'reflect'),
  );
  const padded = new Float64Array(stride * (height + 2 * margin));
  for (let y = 0, to = 0; to < padded.length; y++) {
    const row = edgePosition(y - margin, height, 'reflect') * width;
    for (let x = 0; x < stride; x++) padded[to++] = source[row + columns[x]];
  }
  return padded;
}

function correlate(
  padded: Float64Array,
  { size, weights }: BlurKernel,
  width: number,
  height: number,
  out: Float32Array,
): void {
  const stride = width + size - 1;
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let ky = 0; ky < size; ky++) {
      const row = (y + ky) * stride;
      let kx = 0;
      for (; kx + 3 <= size; kx += 3) addThree(padded, row + kx, weights, ky * size + kx, sums);
      for (; kx < size; kx++) addOne(padded, row + kx, weights[ky * size + kx], sums);
    }
    for (let x = 0, to = y * width; x < width; x++) out[to++] = sums[x];
  }
}

/** Adds three neighbouring taps at once, so that the sums are stored a third as often. */
function addThree(
  padded: Float64Array,
  from: number,
  weights: Float64Array,
  tap: number,
  sums: Float64Array,
): void {
  const a = weights[tap];
  const b = weights[tap + 1];
  const c = weights[tap + 2];
  if (a === 0 && b === 0 && c === 0) return;
  for (let x = 0, i = from; x < sums.length; x++, i++) {
    sums[x] += a * padded[i] + b * padded[i + 1] + c * padded[i + 2];
  }
}

function addOne(padded: Float64Array, from: number, weight: number, sums: Float64Array): void {
  for (let x = 0; x < sums.length; x++) sums[x] += weight * padded[from + x];
}
