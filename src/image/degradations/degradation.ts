import type { Random } from '../../tensor/index.js';
import { quantizeImage, type Image } from '../image.js';
import { imresize, type ResizeKernel } from '../resample.js';
import { filter2D, gaussianBlur } from './filter.js';
import { jpegRoundTrip } from './jpeg.js';
import {
  gaussianKernel,
  generalizedGaussianKernel,
  plateauKernel,
  sincKernel,
  type BlurKernel,
} from './kernels.js';
import { addGaussianNoise, addPoissonNoise, type NoiseColour } from './noise.js';
import { unsharpMask, type SharpenOptions } from './sharpen.js';

/** Bounds that a number is drawn from, evenly; equal ones give that number. */
export type Range = readonly [low: number, high: number];

/** MATLAB's bicubic to 1/`scale` of the size: the low resolution of published benchmarks. */
export interface BicubicDegradation {
  readonly kind: 'bicubic';
  readonly scale: number;
}

/** Resizing by a factor, with one of the kernels. */
export interface ResizeDegradation {
  readonly kind: 'resize';
  readonly factor: Range;
  readonly kernels: readonly ResizeKernel[];
}

export interface BlurDegradation {
  readonly kind: 'blur';
  readonly profile: 'gaussian' | 'generalized' | 'plateau';
  /** Side of the kernel in pixels, odd. */
  readonly size: number;
  /** Standard deviation in pixels; drawn for each axis unless isotropic. */
  readonly sigma: Range;
  readonly isotropic: boolean;
  /** Radians. */
  readonly rotation: Range;
  /** Shape exponent of the generalised and plateau profiles. */
  readonly beta: Range;
}

/** An ideal low pass, which rings. */
export interface SincDegradation {
  readonly kind: 'sinc';
  readonly size: number;
  /** Radians per pixel. */
  readonly cutoff: Range;
}

export interface SharpenDegradation extends SharpenOptions {
  readonly kind: 'sharpen';
}

export interface NoiseDegradation {
  readonly kind: 'noise';
  /** Standard deviation in 8-bit units. */
  readonly sigma: Range;
  /** Probability that all channels have the same noise. */
  readonly gray: number;
}

export interface PoissonDegradation {
  readonly kind: 'poisson';
  readonly scale: Range;
  readonly gray: number;
}

export interface JpegDegradation {
  readonly kind: 'jpeg';
  readonly quality: Range;
}

/** Rounding to 8 bits, as a file would. */
export interface QuantizeDegradation {
  readonly kind: 'quantize';
}

/** One of several degradations, by weight. */
export interface ChoiceDegradation {
  readonly kind: 'choice';
  readonly of: readonly { readonly weight: number; readonly step: Degradation }[];
}

/** Degradations one after the other, then bicubic to 1/`scale` of the size that came in. */
export interface SequenceDegradation {
  readonly kind: 'sequence';
  readonly steps: readonly Degradation[];
  /** Null leaves the size as the steps made it. */
  readonly scale: number | null;
}

/** What happens to a good image: plain data, so that a training config can hold it (`degradationSchema`). */
export type Degradation =
  | BicubicDegradation
  | ResizeDegradation
  | BlurDegradation
  | SincDegradation
  | SharpenDegradation
  | NoiseDegradation
  | PoissonDegradation
  | JpegDegradation
  | QuantizeDegradation
  | ChoiceDegradation
  | SequenceDegradation;

/** Degrades an image [C, H, W] in [0, 1]; the same state of `random` gives the same result. */
export function applyDegradation(image: Image, degradation: Degradation, random: Random): Image {
  switch (degradation.kind) {
    case 'bicubic':
      return imresize(image, { scale: 1 / degradation.scale });
    case 'resize': {
      const { factor, kernels } = degradation;
      const kernel = kernels[random.integer(kernels.length)];
      return imresize(image, { scale: draw(factor, random), kernel });
    }
    case 'blur':
      return blur(image, degradation, random);
    case 'sinc':
      return filter2D(image, sincKernel(degradation.size, draw(degradation.cutoff, random)));
    case 'sharpen':
      return unsharpMask(image, degradation);
    case 'noise': {
      const sigma = draw(degradation.sigma, random);
      return addGaussianNoise(image, sigma, drawColour(degradation.gray, random), random);
    }
    case 'poisson': {
      const scale = draw(degradation.scale, random);
      return addPoissonNoise(image, scale, drawColour(degradation.gray, random), random);
    }
    case 'jpeg':
      return jpegRoundTrip(image, draw(degradation.quality, random));
    case 'quantize':
      return quantizeImage(image);
    case 'choice':
      return applyDegradation(image, drawStep(degradation, random), random);
    case 'sequence':
      return applySequence(image, degradation, random);
  }
}

function blur(image: Image, degradation: BlurDegradation, random: Random): Image {
  const { profile, size, isotropic } = degradation;
  const sigmaX = draw(degradation.sigma, random);
  if (isotropic && profile === 'gaussian') return gaussianBlur(image, size, sigmaX);
  const sigmaY = isotropic ? sigmaX : draw(degradation.sigma, random);
  const rotation = isotropic ? 0 : draw(degradation.rotation, random);
  const ellipse = { sigmaX, sigmaY, rotation };
  const kernels: Record<BlurDegradation['profile'], () => BlurKernel> = {
    gaussian: () => gaussianKernel(size, ellipse),
    generalized: () => generalizedGaussianKernel(size, ellipse, draw(degradation.beta, random)),
    plateau: () => plateauKernel(size, ellipse, draw(degradation.beta, random)),
  };
  return filter2D(image, kernels[profile]());
}

function applySequence(image: Image, { steps, scale }: SequenceDegradation, random: Random): Image {
  const degraded = steps.reduce((input, step) => applyDegradation(input, step, random), image);
  if (scale === null) return degraded;
  const width = Math.ceil(image.width / scale);
  const height = Math.ceil(image.height / scale);
  const isDone = degraded.width === width && degraded.height === height;
  return isDone ? degraded : imresize(degraded, { width, height });
}

function draw([low, high]: Range, random: Random): number {
  return random.uniform(low, high);
}

function drawColour(gray: number, random: Random): NoiseColour {
  return random.uniform() < gray ? 'gray' : 'colour';
}

function drawStep({ of }: ChoiceDegradation, random: Random): Degradation {
  const total = of.reduce((sum, { weight }) => sum + weight, 0);
  let left = random.uniform(0, total);
  for (const { weight, step } of of) {
    left -= weight;
    if (left < 0) return step;
  }
  return of[of.length - 1].step;
}
