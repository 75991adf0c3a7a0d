import type { SchedulerName } from '../diffusion/index.js';
import type { Image } from '../image/index.js';

/** The size of a picture, in pixels. */
export interface PictureSides {
  readonly width: number;
  readonly height: number;
}

/** What is to be made. The same request gives the same pictures, to the last bit on the same machine. */
export interface GenerationRequest {
  readonly prompt: string;
  /** What the pictures are led away from; nothing unless given. */
  readonly negativePrompt?: string;
  /** In pixels; sides are multiples of the pipeline's `sizeMultiple`. */
  readonly size: PictureSides;
  /** A picture for each. */
  readonly seeds: readonly number[];
  /** 20 unless given. */
  readonly steps?: number;
  /** The checkpoint's own unless given. */
  readonly scheduler?: SchedulerName;
  /** 7.5 unless given; 1 is no guidance, and takes half the time. */
  readonly guidanceScale?: number;
  /** Image-to-image: starts from a picture of the requested size. */
  readonly source?: {
    readonly image: Image;
    /** The share of the steps that is run, above 0 to 1: how far the result may be from the picture. */
    readonly strength: number;
  };
}

export const defaultSteps = 20;
export const defaultGuidanceScale = 7.5;

/** @throws RangeError naming what cannot be. */
export function checkRequest(request: GenerationRequest, sizeMultiple: number): void {
  const { size, seeds, guidanceScale = defaultGuidanceScale, source } = request;
  const { width, height } = size;
  checkSize(size, sizeMultiple);
  if (!Number.isFinite(guidanceScale)) {
    throw new RangeError(`expected a number for the guidance, got ${guidanceScale}`);
  }
  const wrongSeed = seeds.find((seed) => !isSeed(seed));
  if (wrongSeed !== undefined || seeds.length === 0) {
    throw new RangeError(
      `expected whole seeds of 0 to ${LARGEST_SEED}, got ${wrongSeed ?? 'none'}`,
    );
  }
  if (source && (source.image.width !== width || source.image.height !== height)) {
    const got = `${source.image.width}x${source.image.height}`;
    throw new RangeError(`expected a picture of ${width}x${height} to start from, got ${got}`);
  }
}

/** @throws RangeError naming the nearest size that can be. */
export function checkSize({ width, height }: PictureSides, sizeMultiple: number): void {
  const nearest = [width, height].map((side) => nearestSide(side, sizeMultiple));
  if (nearest[0] === width && nearest[1] === height) return;
  throw new RangeError(
    `expected sides that are multiples of ${sizeMultiple} pixels, got ${width}x${height}; ` +
      `the nearest is ${nearest.join('x')}`,
  );
}

const LARGEST_SEED = 2 ** 32 - 1;

function isSeed(seed: number): boolean {
  return Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED;
}

/** The multiple, at least one, that is nearest to a side. */
export function nearestSide(side: number, multiple: number): number {
  return Math.max(1, Math.round(side / multiple) || 1) * multiple;
}
