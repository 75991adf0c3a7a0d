import type { Image } from '../../image.js';
import { gaussianBlur } from './filter.js';

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
  const blurred = gaussianBlur(image, size, sigma);
  const residual = image.data.map((value, i) => value - blurred.data[i]);
  const mask = residual.map((value) => (Math.abs(value) * 255 > threshold ? 1 : 0));
  const opacity = gaussianBlur({ ...image, data: mask }, size, sigma).data;
  const data = image.data.map((value, i) => {
    const sharp = Math.min(1, Math.max(0, value + weight * residual[i]));
    return opacity[i] * sharp + (1 - opacity[i]) * value;
  });
  return { ...image, data };
}
