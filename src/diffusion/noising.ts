import { linearCombination } from './linearCombination.js';
import type { NoiseSchedule } from './noiseSchedule.js';
import { predictionTarget, type NoiseLevel, type PredictionType } from './predictionType.js';

/**
 * The amounts of signal and noise at an integer timestep: alpha^2 + sigma^2 = 1.
 * @throws RangeError for a timestep that the schedule does not have.
 */
export function noiseLevel({ alphasCumprod }: NoiseSchedule, timestep: number): NoiseLevel {
  if (!(timestep in alphasCumprod)) {
    throw new RangeError(
      `expected a timestep of 0 to ${alphasCumprod.length - 1}, got ${timestep}`,
    );
  }
  const share = alphasCumprod[timestep];
  return { alpha: Math.sqrt(share), sigma: Math.sqrt(1 - share) };
}

/** Noises a batch: entry n of `clean` `[N, ...]` to its own `timesteps[n]`. */
export function addNoiseAt(
  schedule: NoiseSchedule,
  clean: Float32Array,
  noise: Float32Array,
  timesteps: readonly number[],
): Float32Array {
  return mapBatch(clean, noise, timesteps, (x, eps, timestep) => {
    const { alpha, sigma } = noiseLevel(schedule, timestep);
    return linearCombination([alpha, x], [sigma, eps]);
  });
}

/** The training target of a batch: the noise, the velocity `alpha * noise - sigma * clean`, or the clean sample. */
export function trainingTarget(
  schedule: NoiseSchedule,
  type: PredictionType,
  clean: Float32Array,
  noise: Float32Array,
  timesteps: readonly number[],
): Float32Array {
  return mapBatch(clean, noise, timesteps, (x, eps, timestep) =>
    predictionTarget(type, x, eps, noiseLevel(schedule, timestep)),
  );
}

/** Signal-to-noise ratio: alpha^2 / sigma^2, 0 for pure noise. */
export function signalToNoise(schedule: NoiseSchedule, timestep: number): number {
  const { alpha, sigma } = noiseLevel(schedule, timestep);
  return (alpha / sigma) ** 2;
}

/**
 * The factor on the squared error at `timestep` that makes it min(SNR, gamma) times the error of the clean
 * sample (Hang et al. 2023, arXiv 2303.09556); gamma is commonly 5. At SNR 0 the noise's weight is its limit, 1.
 */
export function minSnrWeight(
  schedule: NoiseSchedule,
  type: PredictionType,
  timestep: number,
  gamma: number,
): number {
  const snr = signalToNoise(schedule, timestep);
  const clamped = Math.min(snr, gamma);
  switch (type) {
    case 'epsilon':
      return snr === 0 ? 1 : clamped / snr;
    case 'v_prediction':
      return clamped / (snr + 1);
    case 'sample':
      return clamped;
  }
}

function mapBatch(
  clean: Float32Array,
  noise: Float32Array,
  timesteps: readonly number[],
  apply: (clean: Float32Array, noise: Float32Array, timestep: number) => Float32Array,
): Float32Array {
  const size = clean.length / timesteps.length;
  if (!Number.isInteger(size) || noise.length !== clean.length) {
    throw new RangeError(
      `expected clean samples and noise of one size, a multiple of ${timesteps.length}, ` +
        `got ${clean.length} and ${noise.length} elements`,
    );
  }
  const result = new Float32Array(clean.length);
  timesteps.forEach((timestep, n) => {
    const [start, end] = [n * size, (n + 1) * size];
    result.set(apply(clean.subarray(start, end), noise.subarray(start, end), timestep), start);
  });
  return result;
}
