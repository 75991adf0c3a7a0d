import type { Random } from '../../tensor/index.js';
import { grayToRgb, rgbToGray } from '../colour.js';
import { clampImage, quantizeImage, type Image } from '../image.js';
import { logGamma } from '../specialFunctions.js';

/** Whether each channel has its own noise, or all the same. */
export type NoiseColour = 'colour' | 'gray';

/**
 * Adds standard normal `noise` [C, H, W] times `sigma`, in 8-bit units, and limits to [0, 1].
 * @throws RangeError when the noise is not as long as the image.
 */
export function addNoise(image: Image, noise: Float32Array, sigma: number): Image {
  if (noise.length !== image.data.length) {
    throw new RangeError(`expected ${image.data.length} values of noise, got ${noise.length}`);
  }
  const scale = sigma / 255;
  return clampImage({ ...image, data: image.data.map((value, i) => value + noise[i] * scale) });
}

/** Adds Gaussian noise of standard deviation `sigma` in 8-bit units, and limits to [0, 1]. */
export function addGaussianNoise(
  image: Image,
  sigma: number,
  colour: NoiseColour,
  random: Random,
): Image {
  const size = image.width * image.height;
  if (colour === 'colour') return addNoise(image, random.normals(image.data.length), sigma);
  const plane = random.normals(size);
  return addNoise(
    image,
    Float32Array.from(image.data, (_, i) => plane[i % size]),
    sigma,
  );
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
  const clean = quantizeImage(noisy);
  const levels = 2 ** Math.ceil(Math.log2(new Set(clean.data).size));
  const noise = clean.data.map(
    (value) => scale * (poisson(value * levels, random) / levels - value),
  );
  const spread =
    noisy.channels === image.channels ? noise : grayToRgb({ ...noisy, data: noise }).data;
  return addNoise(image, spread, 255);
}

/** A Poisson random number of the given mean. */
function poisson(mean: number, random: Random): number {
  return mean < 10 ? poissonByProduct(mean, random) : poissonByRejection(mean, random);
}

/** Counts arrivals within one unit of time (Knuth). */
function poissonByProduct(mean: number, random: Random): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.uniform(); product > limit; product *= random.uniform()) count++;
  return count;
}

/** Transformed rejection with squeeze, algorithm PTRS of Hormann (1993); for means of 10 and more. */
function poissonByRejection(mean: number, random: Random): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = random.uniform() - 0.5;
    const v = random.uniform();
    const edge = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / edge + b) * u + mean + 0.43);
    if (edge >= 0.07 && v <= squeeze) return count;
    if (count < 0 || (edge < 0.013 && v > edge)) continue;
    const density = count * Math.log(mean) - mean - logGamma(count + 1);
    if (Math.log((v * inverseAlpha) / (a / (edge * edge) + b)) <= density) return count;
  }
}
