import type { z } from 'zod';
import { blur, sharpen, sinc } from './blurKinds.js';
import { cameraNoise } from './cameraKinds.js';
import { avif, diffJpeg, jpeg, webp } from './codecKinds.js';
import { fade, grain, halftone, scanLines } from './filmKinds.js';
import type { Kind } from './kind.js';
import { noise, poisson } from './noiseKinds.js';
import { defocus, motion } from './opticsKinds.js';
import { bicubic, quantize, resize } from './resizeKinds.js';
import { halfChroma, palette } from './softwareKinds.js';

/** Every kind of degradation that does something itself; each has a section in docs/degradations.md. */
export const kinds = {
  bicubic,
  resize,
  blur,
  sinc,
  motion,
  defocus,
  sharpen,
  noise,
  poisson,
  camera_noise: cameraNoise,
  grain,
  fade,
  halftone,
  scan_lines: scanLines,
  jpeg,
  webp,
  avif,
  diff_jpeg: diffJpeg,
  palette,
  half_chroma: halfChroma,
  quantize,
};

type Kinds = typeof kinds;

/** The plain form of any of them. */
export type PlainStep = { [K in keyof Kinds]: z.output<Kinds[K]['schema']> }[keyof Kinds];

/** What is done to one picture: a kind with every number drawn, and the seed of its noise. */
export type DrawnStep = { [K in keyof Kinds]: ReturnType<Kinds[K]['draw']> }[keyof Kinds];

/** The row of a kind, which takes what has that kind. */
export function kindOf(step: PlainStep | DrawnStep): Kind<z.ZodType<PlainStep>, DrawnStep> {
  return kinds[step.kind];
}
