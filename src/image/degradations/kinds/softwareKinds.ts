import { z } from 'zod';
import { halveChroma, reducePalette } from '../operators/software.js';
import { defineKind, drawOne, probability } from './kind.js';

/** Few values a channel, as in GIF files and old screens. */
export const palette = defineKind(
  'palette',
  {
    /** Values a channel, one of these: 8 and less are palettes of some 256 colours. */
    levels: z.array(z.int().min(2).max(256)).min(1).default([8, 16, 32]),
    /** Probability of dithering. */
    dither: probability.default(0.5),
  },
  {
    draw: ({ levels, dither }, random) => ({
      levels: drawOne(levels, random),
      dither: random.uniform() < dither,
    }),
    apply: (image, { levels, dither }) => reducePalette(image, levels, dither),
  },
);

/** Colours at half the resolution, as in video. */
export const halfChroma = defineKind(
  'half_chroma',
  {
    kernels: z
      .array(z.enum(['box', 'bilinear']))
      .min(1)
      .default(['box', 'bilinear']),
  },
  {
    draw: ({ kernels }, random) => ({ kernel: drawOne(kernels, random) }),
    apply: (image, { kernel }) => halveChroma(image, kernel),
  },
);
