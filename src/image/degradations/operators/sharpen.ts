import type { Image } from '../../image.js';
import { gaussianBlur } from './filter.js';
import { limit } from './limit.js';

export interface SharpenOptions {
  /** Side of the Gaussian in pixels; an even one is taken one larger. */
  readonly radius: number;
  /** Of the Gaussian, in pixels; 0 derives it from the radius as OpenCV does. */
  readonly sigma: number;
  readonly weight: number;
  /** In 8-bit units: smaller differences from the blurred image are left alone. */
  readonly threshold: number;
}

/**
 * Unsharp masking where the image differs enough from its blur, faded in by the blurred mask
 * (USM sharpening of Real-ESRGAN).
 */
export function unsharpMask(image: Image, options: SharpenOptions): Image {
  const { radius, weight, threshold } = options;
  const size = radius % 2 === 0 ? radius + 1 : radius;
  const sigma = options.sigma > 0 ? options.sigma : 0.3 * ((size - 1) * 0.5 - 1) + 0.8;
  const { data } = image;
  const residual = gaussianBlur(image, size, sigma).data;
  const mask = new Float32Array(data.length);
  const least = threshold / 255;
  for (let i = 0; i < mask.length; i++) {
    const difference = data[i] - residual[i];
    residual[i] = difference;
    mask[i] = difference > least || difference < -least ? 1 : 0;
  }
  // What is sharpened takes the place of the opacity: fewer pages of fresh memory.
  const sharpened = gaussianBlur({ ...image, data: mask }, size, sigma);
  const out = sharpened.data;
  for (let i = 0; i < out.length; i++) {
    const value = data[i];
    out[i] = value + out[i] * (limit(value + weight * residual[i]) - value);
  }
  return sharpened;
}
