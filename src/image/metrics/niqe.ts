import { tensor, toFloat64, formatShape, type Weights } from '../../tensor/index.js';
import { studioLuma } from '../colour.js';
import { cropBorder } from '../geometry.js';
import type { Image } from '../image.js';
import { roundHalfEven } from '../rounding.js';
import { FEATURES, niqeBlocks, type NiqeBlock } from './niqeFeatures.js';
import { pseudoInverseForm } from './symmetric.js';

/** Of the sharpest block of an image; duller ones say little about natural scenes. */
const SHARPNESS_THRESHOLD = 0.75;

const MEAN_NAME = 'mu_pris_param';
const COVARIANCE_NAME = 'cov_pris_param';

/** A multivariate Gaussian over the 36 block features of NIQE. */
export interface NiqeModel {
  /** [36] */
  readonly mean: Float64Array;
  /** [36, 36] */
  readonly covariance: Float64Array;
}

/**
 * The Natural Image Quality Evaluator: the distance of an image's block statistics from those of pristine
 * photographs, lower is better. Luma is rounded to 8 bits; `border` pixels are left out on each side. NaN
 * for an image of fewer than two blocks of 96x96 pixels. Mittal et al. 2013, eq. 10.
 */
export function niqe(image: Image, pristine: NiqeModel, border = 0): number {
  const model = fitNiqeModel(
    imageBlocks(cropBorder(image, border)).map(({ features }) => features),
  );
  const difference = pristine.mean.map((mean, i) => mean - model.mean[i]);
  const covariance = pristine.covariance.map((value, i) => (value + model.covariance[i]) / 2);
  return Math.sqrt(pseudoInverseForm(covariance, difference));
}

/** The features, [36] each, of those blocks of a photograph that are sharp enough to learn from. */
export function pristineFeatures(photograph: Image): Float64Array[] {
  const blocks = imageBlocks(photograph);
  const sharpest = blocks.reduce((largest, { sharpness }) => Math.max(largest, sharpness), 0);
  return blocks
    .filter(({ sharpness }) => sharpness > SHARPNESS_THRESHOLD * sharpest)
    .map(({ features }) => features);
}

function imageBlocks(image: Image): NiqeBlock[] {
  const luma = Float32Array.from(studioLuma(image), roundHalfEven);
  return niqeBlocks(luma, image.width, image.height);
}

/**
 * The Gaussian of feature vectors [36]: each mean over the blocks where that feature is defined, the
 * covariance over the blocks where all are.
 */
export function fitNiqeModel(blocks: readonly Float64Array[]): NiqeModel {
  const complete = blocks.filter((features) => !features.some(Number.isNaN));
  const centre = featureMeans(complete);
  const covariance = new Float64Array(FEATURES * FEATURES);
  for (const features of complete) {
    const deviation = features.map((value, i) => value - centre[i]);
    for (let i = 0; i < FEATURES; i++) {
      for (let j = 0; j < FEATURES; j++)
        covariance[i * FEATURES + j] += deviation[i] * deviation[j];
    }
  }
  const freedom = complete.length - 1;
  return { mean: featureMeans(blocks), covariance: covariance.map((sum) => sum / freedom) };
}

function featureMeans(blocks: readonly Float64Array[]): Float64Array {
  return Float64Array.from({ length: FEATURES }, (_, i) => {
    const defined = blocks.map((features) => features[i]).filter((value) => !Number.isNaN(value));
    return defined.reduce((sum, value) => sum + value, 0) / defined.length;
  });
}

/**
 * A pristine model out of a weights file: `mu_pris_param` [1, 36] and `cov_pris_param` [36, 36].
 * @throws RangeError when either is missing or of another shape.
 */
export function niqeModelFromWeights(weights: Weights): NiqeModel {
  return {
    mean: readParameter(weights, MEAN_NAME, [1, FEATURES]),
    covariance: readParameter(weights, COVARIANCE_NAME, [FEATURES, FEATURES]),
  };
}

function readParameter(
  weights: Weights,
  name: string,
  shape: readonly [number, number],
): Float64Array {
  const found = weights.get(name);
  if (!found || formatShape(found.shape) !== formatShape(shape)) {
    const got = found ? formatShape(found.shape) : 'no such tensor';
    throw new RangeError(`${name}: expected ${formatShape(shape)} of a NIQE model, got ${got}`);
  }
  return toFloat64(found);
}

/** The weights file that `niqeModelFromWeights` reads. */
export function niqeModelToWeights(model: NiqeModel): Weights {
  return new Map([
    [MEAN_NAME, tensor('float64', [1, FEATURES], model.mean)],
    [COVARIANCE_NAME, tensor('float64', [FEATURES, FEATURES], model.covariance)],
  ]);
}
