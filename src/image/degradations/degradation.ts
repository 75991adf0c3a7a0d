import type { Random } from '../../tensor/index.js';
import type { Image } from '../image.js';
import type { PictureCodec, Place, Size } from './kinds/kind.js';
import { kindOf, type DrawnStep } from './kinds/kinds.js';
import type { ChoiceDegradation, Degradation, SequenceDegradation } from './plain.js';
import { presetDegradation } from './presets/presets.js';

/** What a degradation is drawn for. */
export interface DegradationTask extends Size {
  /** Sides of the good image for one of the degraded one's. */
  readonly scale: number;
}

/** What a degradation needs besides the image. */
export interface DegradationOptions {
  /** Sides of the good image for one of the degraded one's, which presets go by. */
  readonly scale: number;
  /** `sharpCodec` of `nanosd/node`, or another that writes and reads files. */
  readonly codec: PictureCodec;
}

/** A degraded image and the one that it is to be restored to. */
export interface DegradedPair {
  readonly sample: Image;
  /** The good image, with what is not to be undone. */
  readonly target: Image;
  /** What was done, with every number that was drawn; `applySteps` does it again. */
  readonly steps: readonly DrawnStep[];
}

/** A degradation with its presets written out, for a scale: what tells one run or pool of samples from another. */
export function resolvePresets(degradation: Degradation, scale: number): Degradation {
  switch (degradation.kind) {
    case 'preset': {
      const { name, strength } = degradation;
      return resolvePresets(presetDegradation(name, scale, strength), scale);
    }
    case 'choice': {
      const of = degradation.of.map(({ weight, step }) => ({
        weight,
        step: resolvePresets(step, scale),
      }));
      return { ...degradation, of };
    }
    case 'sequence': {
      const steps = degradation.steps.map((step) => resolvePresets(step, scale));
      return { ...degradation, steps };
    }
    default:
      return degradation;
  }
}

/** Draws every number of a degradation, for an image of a size; the same state of `random` draws the same. */
export function drawDegradation(
  degradation: Degradation,
  random: Random,
  { width, height, scale }: DegradationTask,
): DrawnStep[] {
  const steps: DrawnStep[] = [];
  const result = { width: Math.ceil(width / scale), height: Math.ceil(height / scale) };
  drawInto(steps, degradation, random, { size: { width, height }, result, scale });
  return steps;
}

/** Does drawn steps to an image [C, H, W] in [0, 1]. */
export async function applySteps(
  image: Image,
  steps: readonly DrawnStep[],
  codec: PictureCodec,
): Promise<Image> {
  let degraded = image;
  for (const step of steps) degraded = await kindOf(step).apply(degraded, step, codec);
  return degraded;
}

/**
 * Degrades an image [C, H, W] in [0, 1]; the same state of `random` gives the same result.
 * @returns the degraded image, of the size that the degradation leaves, and what it is to be restored to.
 */
export async function degradePair(
  image: Image,
  degradation: Degradation,
  random: Random,
  { scale, codec }: DegradationOptions,
): Promise<DegradedPair> {
  const steps = drawDegradation(degradation, random, { ...sizeOf(image), scale });
  let [sample, target] = [image, image];
  for (const step of steps) {
    const kind = kindOf(step);
    const next = await kind.apply(sample, step, codec);
    if (kind.isLasting?.(step))
      target = sample === target ? next : await kind.apply(target, step, codec);
    sample = next;
  }
  return { sample, target, steps };
}

/** The degraded image of `degradePair` alone. */
export async function applyDegradation(
  image: Image,
  degradation: Degradation,
  random: Random,
  { scale, codec }: DegradationOptions,
): Promise<Image> {
  const steps = drawDegradation(degradation, random, { ...sizeOf(image), scale });
  return applySteps(image, steps, codec);
}

interface Drawing extends Place {
  readonly scale: number;
}

/** Appends the steps of a degradation, and gives the size that they leave. */
function drawInto(
  steps: DrawnStep[],
  degradation: Degradation,
  random: Random,
  place: Drawing,
): Size {
  switch (degradation.kind) {
    case 'choice':
      return drawInto(steps, drawOption(degradation, random), random, place);
    case 'sequence':
      return drawSequence(steps, degradation, random, place);
    case 'preset': {
      const { name, strength } = degradation;
      return drawInto(steps, presetDegradation(name, place.scale, strength), random, place);
    }
    default: {
      const kind = kindOf(degradation);
      const step = kind.draw(degradation, random, place);
      steps.push(step);
      return kind.resized?.(step, place.size) ?? place.size;
    }
  }
}

function drawSequence(
  steps: DrawnStep[],
  sequence: SequenceDegradation,
  random: Random,
  place: Drawing,
): Size {
  let { size } = place;
  for (const step of sequence.steps) size = drawInto(steps, step, random, { ...place, size });
  if (sequence.scale === null) return size;
  const width = Math.ceil(place.size.width / sequence.scale);
  const height = Math.ceil(place.size.height / sequence.scale);
  if (size.width !== width || size.height !== height) {
    steps.push({ kind: 'resize', width, height, kernel: 'bicubic', antialias: true });
  }
  return { width, height };
}

function sizeOf({ width, height }: Image): Size {
  return { width, height };
}

function drawOption({ of }: ChoiceDegradation, random: Random): Degradation {
  const total = of.reduce((sum, { weight }) => sum + weight, 0);
  let left = random.uniform(0, total);
  for (const { weight, step } of of) {
    left -= weight;
    if (left < 0) return step;
  }
  return of[of.length - 1].step;
}
