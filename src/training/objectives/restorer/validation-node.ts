import { join } from 'node:path';
import type { Executor } from '../../../graph/index.js';
import {
  createImage,
  cropImage,
  meanDefined,
  psnr,
  quantizeImage,
  type Image,
} from '../../../image/index.js';
import type { ImagePair } from '../../../image/imagePairs-node.js';
import { ImageFileError, readImage, writeImage } from '../../../image/sharp-node.js';
import {
  restorer,
  restorerConfig,
  restorerMultiple,
  type RestorerConfig,
  type RestorerFile,
} from '../../../models/index.js';
import { tensor, toFloat32, type Weights } from '../../../tensor/index.js';
import type { ValidationOptions } from '../objective.js';
import { makeFolder } from '../../../weights/makeFolder-node.js';
import type { ValidationReport, ValidationScore } from '../../validation/validation.js';
import { comparisonPicture, padToMultiple } from '../../validation/validationPictures.js';
import type { PairSets } from '../../validation/validationSets-node.js';

export interface RestorerValidation {
  readonly model: RestorerFile;
  readonly sets: PairSets;
  /** Of each set, how many pictures are written to the folder, where there is one. */
  readonly pictures: number;
}

/**
 * Restores every picture of the sets whole and compares. Pictures show the enlarged input, the result and
 * what it should be, side by side. Null when aborted.
 * @throws ImageFileError naming a pair that cannot be read, is too small, or whose sizes do not fit the scale.
 */
export async function validateRestorer(
  executor: Executor,
  weights: Weights,
  plan: RestorerValidation,
  { step, pictures: folder, signal }: ValidationOptions,
): Promise<ValidationReport | null> {
  const begun = performance.now();
  const config = restorerConfig(plan.model);
  if (folder !== null && plan.pictures > 0) await makeFolder(folder);
  const validation: Record<string, ValidationScore> = {};
  for (const [set, pairs] of plan.sets) {
    const scores: number[] = [];
    for (const [i, pair] of pairs.entries()) {
      if (signal?.aborted) return null;
      const { sample, target } = await readPair(pair, config.scale);
      const output = quantizeImage(await restore(executor, weights, config, sample));
      scores.push(scoreOf(pair, target, output, config.scale));
      if (folder !== null && i < plan.pictures) {
        const path = join(folder, `${set}-${pair.name}.png`);
        await writeImage(path, comparisonPicture(sample, output, target));
      }
    }
    validation[set] = { psnrY: meanDefined(scores), images: pairs.length };
  }
  return { step, validation, ms: performance.now() - begun };
}

function scoreOf({ hr }: ImagePair, target: Image, output: Image, cropBorder: number): number {
  try {
    return psnr(target, output, { channels: 'y', cropBorder });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ImageFileError(`${hr}: ${error.message}`, { cause: error });
  }
}

async function readPair(
  { hr, lr }: ImagePair,
  scale: number,
): Promise<{ sample: Image; target: Image }> {
  const [target, sample] = [await readImage(hr), await readImage(lr)];
  const [width, height] = [sample.width * scale, sample.height * scale];
  const beyond = Math.max(target.width - width, target.height - height);
  if (target.width < width || target.height < height || beyond >= scale) {
    const found = `${target.width}x${target.height}`;
    throw new ImageFileError(
      `${hr}: expected ${width}x${height}, ${scale} times ${lr}, got ${found}`,
    );
  }
  return { sample, target: cropImage(target, 0, 0, width, height) };
}

async function restore(
  executor: Executor,
  weights: Weights,
  config: RestorerConfig,
  image: Image,
): Promise<Image> {
  const padded = padToMultiple(image, restorerMultiple(config));
  const { width, height, channels, data } = padded;
  const session = await executor.load(restorer(config, { batch: 1, height, width }), weights);
  try {
    const sample = tensor('float32', [1, channels, height, width], data);
    const { out_sample } = await session.run({ sample });
    const [, outChannels, outHeight, outWidth] = out_sample.shape;
    const whole = createImage(outWidth, outHeight, outChannels, toFloat32(out_sample));
    return cropImage(whole, 0, 0, image.width * config.scale, image.height * config.scale);
  } finally {
    await session[Symbol.asyncDispose]();
  }
}
