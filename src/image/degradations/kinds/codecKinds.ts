import { z } from 'zod';
import { cropImage } from '../../geometry.js';
import type { Image } from '../../image.js';
import { shiftGrid } from '../operators/shiftGrid.js';
import { jpegRoundTrip } from '../operators/diffJpeg.js';
import { defineKind, drawFrom, drawOne, probability, rangeWithin, type Coding } from './kind.js';

const percent = rangeWithin(1, 100);

/** A JPEG file, written and read by the real library. */
export const jpeg = defineKind(
  'jpeg',
  {
    quality: percent,
    /** Probability of a progressive file. */
    progressive: probability.default(0),
    chroma: z
      .array(z.enum(['4:2:0', '4:4:4']))
      .min(1)
      .default(['4:2:0']),
    /** Probability that the blocks begin elsewhere than at the picture's corner, as in what was cut from a file. */
    shifted: probability.default(0),
  },
  {
    draw({ quality, progressive, chroma, shifted }, random) {
      const coding: Coding = {
        format: 'jpeg',
        quality: Math.round(drawFrom(quality, random)),
        progressive: random.uniform() < progressive,
        chroma: drawOne(chroma, random),
      };
      const shift = random.uniform() < shifted;
      const [left, top] = shift ? [random.integer(16), random.integer(16)] : [0, 0];
      return { ...coding, left, top };
    },
    async apply(image, { left, top, ...coding }, codec) {
      if (left === 0 && top === 0) return codec(image, coding);
      const { width, height } = image;
      const coded = await codec(shiftGrid(image, left, top), coding);
      return cropImage(coded, left, top, width, height);
    },
  },
);

function fileKind<const F extends 'webp' | 'avif'>(format: F) {
  return defineKind(
    format,
    { quality: percent },
    {
      draw: ({ quality }, random) => ({
        format,
        quality: Math.round(drawFrom(quality, random)),
      }),
      apply: (image: Image, step, codec) => codec(image, step),
    },
  );
}

/** A lossy WebP file. */
export const webp = fileKind('webp');

/** An AVIF file, which takes several times as long. */
export const avif = fileKind('avif');

/** What JPEG does to pixels, after BasicSR's DiffJPEG: without a file, and not to the bit. */
export const diffJpeg = defineKind(
  'diff_jpeg',
  { quality: rangeWithin(1, 99) },
  {
    draw: ({ quality }, random) => ({ quality: drawFrom(quality, random) }),
    apply: (image, { quality }) => jpegRoundTrip(image, quality),
  },
);
