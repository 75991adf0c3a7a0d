import type { Image } from '../../image.js';
import { gaussianWindow } from '../../separable.js';
import { correlateTaps, type Tap } from './correlate.js';
import type { BlurKernel } from './kernels.js';

/** Correlates each channel with a kernel; edges reflect without repeating the edge pixel. */
export function filter2D(image: Image, { size, weights }: BlurKernel): Image {
  const radius = (size - 1) / 2;
  const taps: Tap[] = [];
  weights.forEach((weight, i) => {
    if (weight === 0) return;
    taps.push({ x: (i % size) - radius, y: Math.floor(i / size) - radius, weight });
  });
  return correlateTaps(image, [taps]);
}

/** Isotropic Gaussian blur with `size` x `size` weights: `filter2D` by two passes. */
export function gaussianBlur(image: Image, size: number, sigma: number): Image {
  const window = [...gaussianWindow(size, sigma)];
  const radius = (size - 1) / 2;
  const across = window.map((weight, i) => ({ x: i - radius, y: 0, weight }));
  const down = window.map((weight, i) => ({ x: 0, y: i - radius, weight }));
  return correlateTaps(image, [across, down]);
}
