import { z } from 'zod';
import { quantizeImage } from '../../image.js';
import { imresize, type ResizeKernel } from '../../resample.js';
import { defineKind, drawFrom, drawOne, probability, rangeWithin } from './kind.js';

const kernelNames = ['bicubic', 'bilinear', 'lanczos3', 'box'] as const;

/** MATLAB's bicubic to 1/`scale` of the size: the low resolution of published benchmarks. */
export const bicubic = defineKind(
  'bicubic',
  { scale: z.number().positive() },
  {
    draw: ({ scale }) => ({ scale }),
    apply: (image, { scale }) => imresize(image, { scale: 1 / scale }),
    resized: ({ scale }, { width, height }) => ({
      width: Math.ceil(width * (1 / scale)),
      height: Math.ceil(height * (1 / scale)),
    }),
  },
);

/** Resizing by a factor, with one of the kernels. */
export const resize = defineKind(
  'resize',
  {
    factor: rangeWithin(0.01, 100),
    /** What the factor multiplies: the picture as it comes, or as the whole chain is to leave it. */
    of: z.enum(['picture', 'result']).default('picture'),
    kernels: z.array(z.enum(kernelNames)).min(1).default(['bicubic']),
    /** Probability of shrinking without keeping out aliases. */
    aliased: probability.default(0),
  },
  {
    draw({ factor, of, kernels, aliased }, random, { size, result }) {
      const kernel: ResizeKernel = drawOne(kernels, random);
      const drawn = drawFrom(factor, random);
      const from = of === 'picture' ? size : result;
      const [width, height] = [from.width, from.height].map((side) =>
        Math.max(1, Math.ceil(side * drawn)),
      );
      return { width, height, kernel, antialias: random.uniform() >= aliased };
    },
    apply(image, { width, height, kernel, antialias }) {
      // All kernels leave a picture that keeps its size as it is.
      if (image.width === width && image.height === height) return image;
      return imresize(image, { width, height, kernel, antialias });
    },
    resized: ({ width, height }) => ({ width, height }),
  },
);

/** Rounding to 8 bits, as a file would. */
export const quantize = defineKind(
  'quantize',
  {},
  { draw: () => ({}), apply: (image) => quantizeImage(image) },
);
