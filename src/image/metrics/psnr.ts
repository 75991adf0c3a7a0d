import type { Image } from '../image.js';
import { metricPlanes, requireSameSize, type MetricOptions } from './planes.js';

/**
 * Peak signal-to-noise ratio in dB with a peak of 255; Infinity for equal images. Published figures
 * compare images of 8 bits: quantize first.
 * @throws RangeError when the sizes differ or the border leaves nothing.
 */
export function psnr(reference: Image, distorted: Image, options: MetricOptions = {}): number {
  requireSameSize(reference, distorted);
  const expected = metricPlanes(reference, options).planes;
  const actual = metricPlanes(distorted, options).planes;
  let squares = 0;
  let count = 0;
  expected.forEach((plane, channel) => {
    const other = actual[channel];
    for (let i = 0; i < plane.length; i++) squares += (plane[i] - other[i]) ** 2;
    count += plane.length;
  });
  return 10 * Math.log10((255 * 255 * count) / squares);
}
