import { basename, extname, join } from 'node:path';
import { GraphBuilder, type Executor, type Graph } from '../../../graph/index.js';
import {
  createImage,
  cropImage,
  meanDefined,
  psnr,
  quantizeImage,
  type Image,
} from '../../../image/index.js';
import { writeImage } from '../../../image/sharp-node.js';
import {
  buildDecodedSample,
  buildLatentParameters,
  gaussianMoments,
  pixelsPerLatent,
  type GaussianAutoencoder,
} from '../../../models/index.js';
import { tensor, toFloat32, type Weights } from '../../../tensor/index.js';
import { toSigned } from './loss.js';
import type { ValidationOptions } from '../objective.js';
import { makeFolder } from '../../../weights/makeFolder-node.js';
import type { ValidationReport, ValidationScore } from '../../validation/validation.js';
import { padToMultiple, sideBySide } from '../../validation/validationPictures.js';
import { readPhotoFile } from '../../data/photoFolder-node.js';
import type { PhotoSets } from '../../validation/validationSets-node.js';

export interface AutoencoderValidation {
  readonly network: GaussianAutoencoder;
  readonly sets: PhotoSets;
  /** Of each set, how many pictures are written to the folder, where there is one. */
  readonly pictures: number;
}

/**
 * Encodes every picture of the sets whole, decodes the mean of its latents and compares. Pictures show the
 * result and what it should be, side by side. Null when aborted.
 * @throws ImageFileError naming a picture that cannot be read.
 */
export async function validateAutoencoder(
  executor: Executor,
  weights: Weights,
  plan: AutoencoderValidation,
  { step, pictures: folder, signal }: ValidationOptions,
): Promise<ValidationReport | null> {
  const begun = performance.now();
  if (folder !== null && plan.pictures > 0) await makeFolder(folder);
  const validation: Record<string, ValidationScore> = {};
  for (const [set, photos] of plan.sets) {
    const scores: number[] = [];
    for (const [i, photo] of photos.entries()) {
      if (signal?.aborted) return null;
      const picture = await readPhotoFile(photo);
      const output = quantizeImage(await reconstruct(executor, weights, plan.network, picture));
      scores.push(psnr(picture, output, { channels: 'rgb', cropBorder: 0 }));
      if (folder !== null && i < plan.pictures) {
        const name = `${set}-${basename(photo.path, extname(photo.path))}.png`;
        await writeImage(join(folder, name), sideBySide([output, picture]));
      }
    }
    validation[set] = { psnr: meanDefined(scores), images: photos.length };
  }
  return { step, validation, ms: performance.now() - begun };
}

async function reconstruct(
  executor: Executor,
  weights: Weights,
  network: GaussianAutoencoder,
  picture: Image,
): Promise<Image> {
  const padded = padToMultiple(picture, pixelsPerLatent(network));
  const { width, height, channels, data } = padded;
  const session = await executor.load(reconstruction(network, width, height), weights);
  try {
    const { out_sample } = await session.run({
      sample: tensor('float32', [1, channels, height, width], data),
    });
    const whole = createImage(width, height, channels, toFloat32(out_sample));
    return cropImage(whole, 0, 0, picture.width, picture.height);
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

/** Picture to picture, both in [0, 1]. */
function reconstruction(network: GaussianAutoencoder, width: number, height: number): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', [1, network.config.inChannels, height, width]);
  const { mean } = gaussianMoments(b, buildLatentParameters(b, network, toSigned(b, sample)));
  const decoded = buildDecodedSample(b, network, mean);
  return b.build({ out_sample: b.scale(b.shift(decoded, 1), 0.5) });
}
