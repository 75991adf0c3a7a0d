import { z } from 'zod';
import { filter2D, gaussianBlur } from '../operators/filter.js';
import {
  gaussianKernel,
  generalizedGaussianKernel,
  plateauKernel,
  sincKernel,
  trimKernel,
  trimmedSize,
  type BlurKernel,
} from '../operators/kernels.js';
import { unsharpMask } from '../operators/sharpen.js';
import { defineKind, drawFrom, rangeWithin } from './kind.js';
import type { Random } from '../../../tensor/index.js';

const oddSize = z
  .int()
  .min(1)
  .refine((size) => size % 2 === 1, { error: 'expected an odd kernel size' });

/** An odd size, or two to draw an odd one between. */
const kernelSize = z
  .union([oddSize, z.tuple([oddSize, oddSize])], { error: 'expected an odd kernel size' })
  .transform((size): readonly [number, number] => (typeof size === 'number' ? [size, size] : size))
  .refine(([low, high]) => low <= high, { error: 'expected [low, high] of odd kernel sizes' })
  .default([21, 21]);

function drawSize([low, high]: readonly [number, number], random: Random): number {
  return low + 2 * random.integer((high - low) / 2 + 1);
}

const profiles = ['gaussian', 'generalized', 'plateau'] as const;

/** A blur by a kernel with one or two axes. */
export const blur = defineKind(
  'blur',
  {
    profile: z.enum(profiles).default('gaussian'),
    /** Side of the kernel in pixels. */
    size: kernelSize,
    /** Standard deviation in pixels; drawn for each axis unless isotropic. */
    sigma: rangeWithin(0.01, 100),
    isotropic: z.boolean().default(true),
    /** Radians. */
    rotation: rangeWithin(-Math.PI, Math.PI).default([-Math.PI, Math.PI]),
    /** Shape exponent of the generalised and plateau profiles. */
    beta: rangeWithin(0.1, 10).default([1, 2]),
  },
  {
    draw({ profile, size, sigma, isotropic, rotation, beta }, random) {
      const side = drawSize(size, random);
      const sigmaX = drawFrom(sigma, random);
      const sigmaY = isotropic ? sigmaX : drawFrom(sigma, random);
      const turned = isotropic ? 0 : drawFrom(rotation, random);

      return {
        profile,
        size: side,
        sigmaX,
        sigmaY,
        rotation: turned,
        beta: profile === 'gaussian' ? 1 : drawFrom(beta, random),
      };
    },
    apply(image, { profile, size, beta, ...ellipse }) {
      const { sigmaX, sigmaY } = ellipse;
      if (profile === 'gaussian' && sigmaX === sigmaY) {
        return gaussianBlur(image, trimmedSize(size, sigmaX), sigmaX);
      }
      const side = profile === 'gaussian' ? trimmedSize(size, Math.max(sigmaX, sigmaY)) : size;
      const kernels: Record<(typeof profiles)[number], () => BlurKernel> = {
        gaussian: () => gaussianKernel(side, ellipse),
        generalized: () => generalizedGaussianKernel(side, ellipse, beta),
        plateau: () => plateauKernel(side, ellipse, beta),
      };
      return filter2D(image, trimKernel(kernels[profile]()));
    },
  },
);

/** An ideal low pass, which rings. */
export const sinc = defineKind(
  'sinc',
  {
    size: kernelSize,
    /** Radians per pixel. */
    cutoff: rangeWithin(0.1, Math.PI),
  },
  {
    draw: ({ size, cutoff }, random) => ({
      size: drawSize(size, random),
      cutoff: drawFrom(cutoff, random),
    }),
    apply: (image, { size, cutoff }) => filter2D(image, sincKernel(size, cutoff)),
  },
);

/** Unsharp masking, as software overdoes it. */
export const sharpen = defineKind(
  'sharpen',
  {
    /** Side of the Gaussian in pixels; an even one is taken one larger. */
    radius: z.int().min(1).default(51),
    /** Of the Gaussian, in pixels; 0 derives it from the radius as OpenCV does. */
    sigma: z.number().min(0).default(0),
    weight: rangeWithin(0, 10).default([0.5, 0.5]),
    /** In 8-bit units: smaller differences from the blurred image are left alone. */
    threshold: z.number().min(0).default(10),
    /** Whether the picture that is learned is sharpened as well, as Real-ESRGAN does. */
    lasting: z.boolean().default(false),
  },
  {
    draw: ({ radius, sigma, weight, threshold, lasting }, random) => ({
      ...{ radius, sigma, threshold, lasting },
      weight: drawFrom(weight, random),
    }),
    apply: (image, step) => unsharpMask(image, step),
    isLasting: ({ lasting }) => lasting,
  },
);
