// Blurs of a camera happen to light, before the file's curve, and before what is too bright is cut off.

import type { Image } from '../../image.js';
import { curves } from './toneCurve.js';

/** From here on linear light, in the mean of the channels, may have been cut off. */
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
  const light = { ...image, data: image.data.slice() };
  toLinear(light.data);
  if (highlights > 1) raiseHighlights(light, highlights);
  const changed = change(light);
  fromLinear(changed.data);
  return changed;
}

/** All channels alike, so that colours stay. */
function raiseHighlights({ width, height, channels, data }: Image, highlights: number): void {
  const size = width * height;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let at = i; at < data.length; at += size) sum += data[at];
    const above = (sum / channels - NEARLY_WHITE) / (1 - NEARLY_WHITE);
    if (above <= 0) continue;
    const factor = 1 + (highlights - 1) * above * above;
    for (let at = i; at < data.length; at += size) data[at] *= factor;
  }
}
