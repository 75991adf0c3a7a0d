import type { Random } from '../../../tensor/index.js';
import { rgbToGray } from '../../colour.js';
import { createImage, type Image } from '../../image.js';
import { limit } from './limit.js';
import { drawNormals } from './normals.js';
import { drawPoisson } from './poisson.js';

/** Whether each channel has its own noise, or all the same. */
export type NoiseColour = 'colour' | 'gray';

/**
 * Adds standard normal `noise` times `sigma`, in 8-bit units, and limits to [0, 1]. The noise is [C, H, W], or [H, W]
 * for all channels.
 * @throws RangeError when the noise is of another length.
 */
export function addNoise(image: Image, noise: Float32Array, sigma: number): Image {
  const { width, height, channels, data } = image;
  const size = width * height;
  if (noise.length !== data.length && noise.length !== size) {
    throw new RangeError(`expected ${data.length} values of noise, got ${noise.length}`);
  }
  const scale = sigma / 255;
  const noisy = createImage(width, height, channels);
  const step = noise.length === data.length ? size : 0;
  for (let channel = 0; channel < channels; channel++) {
    let from = channel * step;
    for (let i = channel * size; i < (channel + 1) * size; i++) {
      noisy.data[i] = limit(data[i] + noise[from++] * scale);
    }
  }
  return noisy;
}

/** Adds Gaussian noise of standard deviation `sigma` in 8-bit units, and limits to [0, 1]. */
export function addGaussianNoise(
  image: Image,
  sigma: number,
  colour: NoiseColour,
  random: Random,
): Image {
  const length = colour === 'colour' ? image.data.length : image.width * image.height;
  return addNoise(image, drawNormals(length, random), sigma);
}

/**
 * Adds shot noise, and limits to [0, 1]: a Poisson count of a full scale that is the number of distinct
 * levels of the image, up to the next power of two (after BasicSR); `scale` multiplies the noise.
 */
export function addPoissonNoise(
  image: Image,
  scale: number,
  colour: NoiseColour,
  random: Random,
): Image {
  const noisy = colour === 'gray' && image.channels === 3 ? rgbToGray(image) : image;
  const clean = new Uint8ClampedArray(noisy.data.length);
  for (let i = 0; i < clean.length; i++) clean[i] = noisy.data[i] * 255;
  const full = fullScale(clean);
  const means = Float64Array.from({ length: 256 }, (_, level) => (level / 255) * full);
  const noise = drawPoisson(clean, means, random);
  for (let i = 0; i < clean.length; i++) noise[i] = scale * (noise[i] / full - clean[i] / 255);
  return addNoise(image, noise, 255);
}

/** How many levels there are, up to the next power of two. */
function fullScale(bytes: Uint8ClampedArray): number {
  const seen = new Uint8Array(256);
  for (const byte of bytes) seen[byte] = 1;
  const levels = seen.reduce((sum, flag) => sum + flag, 0);
  return 2 ** Math.ceil(Math.log2(levels));
}
