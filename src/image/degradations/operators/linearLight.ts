// Blurs of a camera happen to light, before the file's curve, and before what is too bright is cut off.

import type { Image } from '../../image.js';
import { curves } from './toneCurve.js';

/** From here on a value of linear light may have been cut off. */
const NEARLY_WHITE = 0.8;

/**
 * Does something to an image's linear light, in which what is nearly white is `highlights` times as bright as white at
 * most: so lamps and reflections leave the bright traces and disks that they leave in photographs.
 */
export function inLinearLight(
  image: Image,
  highlights: number,
  change: (light: Image) => Image,
): Image {
  const { toLinear, fromLinear } = curves('srgb');
  const data = image.data.slice();
  toLinear(data);
  if (highlights > 1) {
    for (let i = 0; i < data.length; i++) {
      const above = (data[i] - NEARLY_WHITE) / (1 - NEARLY_WHITE);
      if (above > 0) data[i] += (highlights - 1) * above * above;
    }
  }
  const changed = change({ ...image, data });
  fromLinear(changed.data);
  return changed;
}
