// Pieces that several presets have, in their plain form. Where a picture is to become smaller, what happens before that is
// given in pixels of the degraded picture, so that a preset is the same at every scale.

import { amount, inOrder, nothing, oneOf, quality } from './amounts.js';

export interface PresetTask {
  /** Sides of the good picture for one of the degraded one's. */
  readonly scale: number;
  readonly strength: number;
}

const sigmaBounds = [0.05, 50] as const;

/** Gaussian blur, as often with two axes as with one; sigmas in pixels of the degraded picture. */
export function softness(low: number, high: number, { scale, strength }: PresetTask): object {
  const sigma = amount(low * scale, high * scale, strength, sigmaBounds);
  const size = Math.min(41, 2 * Math.ceil(3.5 * sigma[1]) + 1);
  return oneOf(
    [0.5, { kind: 'blur', sigma, size }],
    [0.4, { kind: 'blur', sigma, size, isotropic: false }],
    [0.05, { kind: 'blur', sigma, size, isotropic: false, profile: 'generalized', beta: [0.5, 3] }],
    [0.05, { kind: 'blur', sigma, size, isotropic: false, profile: 'plateau', beta: [1, 2] }],
  );
}

/** To the size of the result, by the filters of cameras and programs, now and then without keeping out aliases. */
export function shrink(aliased: number): object {
  const kernels = ['bicubic', 'bicubic', 'bilinear', 'box', 'lanczos3'];
  return { kind: 'resize', of: 'result', factor: 1, kernels, aliased };
}

/** White noise, mostly in colour, of sigmas in 8-bit units. */
export function whiteNoise(
  low: number,
  high: number,
  { strength }: PresetTask,
  gray = 0.3,
): object {
  return { kind: 'noise', sigma: amount(low, high, strength, [0, 255]), gray };
}

/** A camera's noise up to a variance, by the share of cameras that process it. */
export function cameraNoise(most: number, processed: number, { strength }: PresetTask): object {
  // Deviations, not variances, go with the strength.
  const shot = amount(1e-4, most, strength * strength, [1e-6, 0.1]);
  return { kind: 'camera_noise', shot, processed };
}

/** A JPEG file of one of the usual sorts. */
export function jpegFile(low: number, high: number, { strength }: PresetTask): object {
  return {
    ...{ kind: 'jpeg', quality: quality(low, high, strength) },
    ...{ progressive: 0.2, chroma: ['4:2:0', '4:2:0', '4:2:0', '4:4:4'], shifted: 0.5 },
  };
}

/** A file as pictures are sent: rarely lossless, mostly JPEG, sometimes again, sometimes WebP. */
export function savedFile(low: number, high: number, lossless: number, task: PresetTask): object {
  const lossy = 1 - lossless;
  return oneOf(
    [lossless, nothing],
    [0.62 * lossy, jpegFile(low, high, task)],
    [0.3 * lossy, inOrder(jpegFile(low, high, task), jpegFile(low, high, task))],
    [
      0.08 * lossy,
      { kind: 'webp', quality: quality(Math.min(low + 10, high), high, task.strength) },
    ],
  );
}

/** A program's or a phone's sharpening of one pixel or two. */
export function sharpening(low: number, high: number, { strength }: PresetTask): object {
  const weight = amount(low, high, strength, [0, 10]);
  return oneOf(
    [1, { kind: 'sharpen', radius: 7, sigma: 1, threshold: 0, weight }],
    [1, { kind: 'sharpen', radius: 11, sigma: 1.8, threshold: 3, weight }],
  );
}

/** The end of every chain: the size asked for, in 8 bits. */
export function finished(scale: number, ...steps: readonly object[]): object {
  return inOrder({ kind: 'sequence', scale, steps }, { kind: 'quantize' });
}
