// The plain form of a degradation, as a training config holds it: every number that is drawn may be given as
// one number or as [low, high], and what has a customary value may be left out.

import { z } from 'zod';
import type { Degradation, Range } from './degradation.js';

function rangeWithin(lowest: number, highest: number) {
  const error = `expected a number or [low, high] within ${lowest} to ${highest}`;
  return z
    .union([z.number(), z.tuple([z.number(), z.number()])], { error })
    .transform((value): Range => (typeof value === 'number' ? [value, value] : value))
    .refine(([low, high]) => lowest <= low && low <= high && high <= highest, { error });
}

const kernelSize = z
  .int()
  .min(1)
  .refine((size) => size % 2 === 1, { error: 'expected an odd kernel size' });

const probability = z.number().min(0).max(1);

const bicubic = z.strictObject({ kind: z.literal('bicubic'), scale: z.number().positive() });

const resize = z.strictObject({
  kind: z.literal('resize'),
  factor: rangeWithin(0.01, 100),
  kernels: z
    .array(z.enum(['bicubic', 'bilinear', 'lanczos3', 'box']))
    .min(1)
    .default(['bicubic']),
});

const blur = z.strictObject({
  kind: z.literal('blur'),
  profile: z.enum(['gaussian', 'generalized', 'plateau']).default('gaussian'),
  size: kernelSize.default(21),
  sigma: rangeWithin(0.01, 100),
  isotropic: z.boolean().default(true),
  rotation: rangeWithin(-Math.PI, Math.PI).default([-Math.PI, Math.PI]),
  beta: rangeWithin(0.1, 10).default([1, 2]),
});

const sinc = z.strictObject({
  kind: z.literal('sinc'),
  size: kernelSize.default(21),
  cutoff: rangeWithin(0.1, Math.PI),
});

const sharpen = z.strictObject({
  kind: z.literal('sharpen'),
  radius: z.int().min(1).default(51),
  sigma: z.number().min(0).default(0),
  weight: z.number().default(0.5),
  threshold: z.number().min(0).default(10),
});

const noise = z.strictObject({
  kind: z.literal('noise'),
  sigma: rangeWithin(0, 255),
  gray: probability.default(0),
});

const poisson = z.strictObject({
  kind: z.literal('poisson'),
  scale: rangeWithin(0, 10),
  gray: probability.default(0),
});

const jpeg = z.strictObject({ kind: z.literal('jpeg'), quality: rangeWithin(1, 99) });

const quantize = z.strictObject({ kind: z.literal('quantize') });

const choice = z.strictObject({
  kind: z.literal('choice'),
  get of() {
    const option = { weight: z.number().positive().default(1), step: degradationSchema };
    return z.array(z.strictObject(option)).min(1);
  },
});

const sequence = z.strictObject({
  kind: z.literal('sequence'),
  scale: z.number().positive().nullable().default(null),
  get steps() {
    return z.array(degradationSchema);
  },
});

/** Parses the plain form of a degradation. */
export const degradationSchema: z.ZodType<Degradation> = z.discriminatedUnion('kind', [
  bicubic,
  resize,
  blur,
  sinc,
  sharpen,
  noise,
  poisson,
  jpeg,
  quantize,
  choice,
  sequence,
]);
