import {
  cropImage,
  meanDefined,
  niqeModelFromWeights,
  type Image,
  type NiqeModel,
} from '../image/index.js';
import type { ImagePair } from '../image/imagePairs-node.js';
import { ImageFileError, readImage } from '../image/sharp-node.js';
import { packagePath } from '../models/packageFolder-node.js';
import { WeightsError } from '../weights/index.js';
import { readSafetensorsFile } from '../weights/safetensors-node.js';
import { scoreImage, type Scores } from './scores.js';

/** Scores of one picture, and how long it took to restore. */
export interface TimedScores extends Scores {
  readonly ms: number;
}

export interface PictureScores extends TimedScores {
  readonly name: string;
}

/** What is evaluated: a network, or an interpolation. */
export interface RestorationMethod {
  readonly scale: number;
  /** Untimed work before a picture of this size. */
  prepare(width: number, height: number): Promise<void>;
  restore(image: Image): Promise<Image>;
}

/**
 * Restores the poor picture of each pair and scores it against the good one, leaving out `scale` pixels on
 * each side. A good picture whose sides are no multiples of the scale may differ by the remainder.
 * @throws ImageFileError naming the files that cannot be read or do not belong together.
 */
export async function* evaluatePairs(
  pairs: readonly ImagePair[],
  method: RestorationMethod,
  pristine: NiqeModel,
): AsyncGenerator<PictureScores> {
  const { scale } = method;
  for (const { name, hr, lr } of pairs) {
    const [reference, poor] = [await readImage(hr), await readImage(lr)];
    requireScale(hr, reference, lr, poor, scale);
    await method.prepare(poor.width, poor.height);
    const start = performance.now();
    const restored = await method.restore(poor);
    const ms = performance.now() - start;
    const width = Math.min(reference.width, restored.width);
    const height = Math.min(reference.height, restored.height);
    const [expected, actual] = [reference, restored].map((image) =>
      cropImage(image, 0, 0, width, height),
    );
    yield { name, ...scorePair(hr, expected, actual, scale, pristine), ms };
  }
}

/** The mean of every score, over the pictures where it is defined. */
export function meanScores(pictures: readonly TimedScores[]): TimedScores {
  const mean = (key: keyof TimedScores): number => meanDefined(pictures.map((one) => one[key]));
  return {
    psnrY: mean('psnrY'),
    ssimY: mean('ssimY'),
    psnrRgb: mean('psnrRgb'),
    niqe: mean('niqe'),
    ms: mean('ms'),
  };
}

/**
 * The pristine model of NIQE in a weights file, or the one that the package ships.
 * @throws WeightsError when the file does not hold one.
 */
export async function readNiqeModel(
  path = packagePath('models', 'niqe', 'pristine.safetensors'),
): Promise<NiqeModel> {
  const { tensors } = await readSafetensorsFile(path);
  try {
    return niqeModelFromWeights(tensors);
  } catch (error) {
    throw new WeightsError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

function requireScale(hr: string, reference: Image, lr: string, poor: Image, scale: number): void {
  const fits = (large: number, small: number): boolean => Math.abs(large - small * scale) < scale;
  if (fits(reference.width, poor.width) && fits(reference.height, poor.height)) return;
  throw new ImageFileError(
    `${hr}: expected ${scale} times the ${poor.width}x${poor.height} pixels of ${lr}, ` +
      `got ${reference.width}x${reference.height}`,
  );
}

function scorePair(
  path: string,
  reference: Image,
  restored: Image,
  cropBorder: number,
  pristine: NiqeModel,
): Scores {
  try {
    return scoreImage(reference, restored, { cropBorder, pristine });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ImageFileError(`${path}: ${error.message}`, { cause: error });
  }
}
