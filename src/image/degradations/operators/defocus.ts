// Out of focus, a point becomes the picture of the aperture: a disk, or a polygon of its blades.

import { channelPlane, createImage, type Image } from '../../image.js';
import { filter2D } from './filter.js';
import type { BlurKernel } from './kernels.js';

export interface Aperture {
  /** Of the circle around it, in pixels. */
  readonly radius: number;
  /** Corners; 0 is a disk. */
  readonly blades: number;
  /** Radians. */
  readonly rotation: number;
}

/** An aperture as a kernel, whose edge pixels count by how much of them is inside. */
export function apertureKernel({ radius, blades, rotation }: Aperture): BlurKernel {
  const reach = Math.ceil(radius + 0.5);
  const size = 2 * reach + 1;
  const inner = blades === 0 ? radius : radius * Math.cos(Math.PI / blades);
  const weights = Float64Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) - reach, Math.floor(i / size) - reach];
    const distance = blades === 0 ? Math.hypot(x, y) : sideDistance(x, y, blades, rotation);
    return Math.min(1, Math.max(0, inner - distance + 0.5));
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { size, weights: weights.map((weight) => weight / sum) };
}

/** How far a point is out along the normal of the side that it is beyond most. */
function sideDistance(x: number, y: number, blades: number, rotation: number): number {
  let furthest = -Infinity;
  for (let blade = 0; blade < blades; blade++) {
    const angle = rotation + (2 * Math.PI * blade) / blades;
    furthest = Math.max(furthest, x * Math.cos(angle) + y * Math.sin(angle));
  }
  return furthest;
}

/** From the first image on one side to the second on the other, along a direction in radians. */
export function blendAcross(first: Image, second: Image, direction: number): Image {
  const { width, height, channels } = first;
  const blended = createImage(width, height, channels);
  const [c, s] = [Math.cos(direction) / width, Math.sin(direction) / height];
  const reach = Math.abs(Math.cos(direction)) + Math.abs(Math.sin(direction));
  for (let channel = 0; channel < channels; channel++) {
    const [a, b] = [channelPlane(first, channel), channelPlane(second, channel)];
    const out = channelPlane(blended, channel);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const share = 0.5 + (c * (x + 0.5 - width / 2) + s * (y + 0.5 - height / 2)) / reach;
        out[i] = a[i] + share * (b[i] - a[i]);
      }
    }
  }
  return blended;
}

/** Blurs linear light by an aperture; `variation` makes it that share larger on one side and smaller on the other. */
export function defocusLight(
  light: Image,
  aperture: Aperture,
  variation: number,
  direction: number,
): Image {
  const blurred = (factor: number): Image =>
    filter2D(light, apertureKernel({ ...aperture, radius: aperture.radius * factor }));
  if (variation === 0) return blurred(1);
  return blendAcross(blurred(1 - variation), blurred(1 + variation), direction);
}
