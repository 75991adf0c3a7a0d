import { linearCombination } from './linearCombination.js';

/** What a denoiser's output means: the noise, the velocity (Salimans and Ho 2022), or the clean sample. */
export const predictionTypes = ['epsilon', 'v_prediction', 'sample'] as const;
export type PredictionType = (typeof predictionTypes)[number];

/** Of a noisy sample: `alpha * clean + sigma * noise`. */
export interface NoiseLevel {
  readonly alpha: number;
  readonly sigma: number;
}

/** The clean sample that a denoiser's output stands for; `sample` is what the denoiser saw, at `level`. */
export function predictedOriginal(
  type: PredictionType,
  output: Float32Array,
  sample: Float32Array,
  { alpha, sigma }: NoiseLevel,
): Float32Array {
  switch (type) {
    case 'epsilon':
      return linearCombination([1 / alpha, sample], [-sigma / alpha, output]);
    case 'v_prediction':
      return linearCombination([alpha, sample], [-sigma, output]);
    case 'sample':
      return output;
  }
}

/** The noise that a denoiser's output stands for. */
export function predictedNoise(
  type: PredictionType,
  output: Float32Array,
  sample: Float32Array,
  { alpha, sigma }: NoiseLevel,
): Float32Array {
  switch (type) {
    case 'epsilon':
      return output;
    case 'v_prediction':
      return linearCombination([sigma, sample], [alpha, output]);
    case 'sample':
      return linearCombination([1 / sigma, sample], [-alpha / sigma, output]);
  }
}

/** What a denoiser is to put out for a known clean sample and noise: the target of its training. */
export function predictionTarget(
  type: PredictionType,
  clean: Float32Array,
  noise: Float32Array,
  { alpha, sigma }: NoiseLevel,
): Float32Array {
  switch (type) {
    case 'epsilon':
      return noise;
    case 'v_prediction':
      return linearCombination([alpha, noise], [-sigma, clean]);
    case 'sample':
      return clean;
  }
}
