import type { Image } from '../image.js';
import { filterSeparable, gaussianWindow, validTaps } from '../separable.js';
import { metricPlanes, requireSameSize, type MetricOptions } from './planes.js';

const WINDOW = 11;
const SIGMA = 1.5;
const LUMINANCE_FLOOR = (0.01 * 255) ** 2;
const CONTRAST_FLOOR = (0.03 * 255) ** 2;

/**
 * Structural similarity, at most 1 (Wang et al. 2004): an 11x11 Gaussian window of sigma 1.5 where it lies
 * wholly inside the image, averaged over places, then over channels. Published figures compare images of
 * 8 bits: quantize first.
 * @throws RangeError when the sizes differ, or less than 11x11 pixels are left.
 */
export function ssim(reference: Image, distorted: Image, options: MetricOptions = {}): number {
  requireSameSize(reference, distorted);
  const expected = metricPlanes(reference, options);
  const actual = metricPlanes(distorted, options);
  const { width, height, planes } = expected;
  if (width < WINDOW || height < WINDOW) {
    throw new RangeError(
      `expected at least ${WINDOW}x${WINDOW} pixels for SSIM, got ${width}x${height}`,
    );
  }
  const scores = planes.map((plane, i) => planeSsim(plane, actual.planes[i], width, height));
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function planeSsim(a: Float64Array, b: Float64Array, width: number, height: number): number {
  const window = gaussianWindow(WINDOW, SIGMA);
  const horizontal = validTaps(width, window);
  const vertical = validTaps(height, window);
  const size = horizontal.length * vertical.length;
  const blur = (plane: Float64Array) =>
    filterSeparable(plane, width, height, horizontal, vertical, new Float64Array(size));
  const product = (x: Float64Array, y: Float64Array) => x.map((value, i) => value * y[i]);
  const meanA = blur(a);
  const meanB = blur(b);
  const squareA = blur(product(a, a));
  const squareB = blur(product(b, b));
  const cross = blur(product(a, b));
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const means = meanA[i] * meanB[i];
    const squares = meanA[i] ** 2 + meanB[i] ** 2;
    const variances = squareA[i] + squareB[i] - squares;
    const covariance = cross[i] - means;
    sum +=
      ((2 * means + LUMINANCE_FLOOR) * (2 * covariance + CONTRAST_FLOOR)) /
      ((squares + LUMINANCE_FLOOR) * (variances + CONTRAST_FLOOR));
  }
  return sum / size;
}
