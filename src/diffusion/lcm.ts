import { linearCombination } from './linearCombination.js';
import { noiseLevel } from './noising.js';
import { predictedOriginal } from './predictionType.js';
import {
  clipSample,
  requireNoise,
  variancePreserving,
  type Scheduler,
  type SchedulerSetup,
} from './scheduler.js';

/** The deviation of clean latents that consistency models assume (Song et al. 2023, appendix C). */
const SIGMA_DATA = 0.5;

/**
 * Latent consistency models (Luo et al. 2023, algorithm 3): each step foresees the clean sample, and noises it to
 * the next of the timesteps, which are among those the model was distilled on.
 */
export function lcmScheduler(setup: SchedulerSetup, strength: number): Scheduler {
  const { config, schedule } = setup;
  const timesteps = lcmTimesteps(setup, strength);
  const last = timesteps.length - 1;
  return {
    ...variancePreserving(setup, timesteps),
    needsNoise: (i) => i < last,
    step(state, modelOutput, sample, i, noise) {
      const level = noiseLevel(schedule, timesteps[i]);
      const original = clipSample(
        setup,
        predictedOriginal(config.predictionType, modelOutput, sample, level),
      );
      const scaled = timesteps[i] * config.timestepScaling;
      const variance = scaled ** 2 + SIGMA_DATA ** 2;
      const denoised = linearCombination(
        [scaled / Math.sqrt(variance), original],
        [SIGMA_DATA ** 2 / variance, sample],
      );
      if (i === last) return { state, sample: denoised, predOriginalSample: denoised };
      const next = noiseLevel(schedule, timesteps[i + 1]);
      return {
        state,
        sample: linearCombination([next.alpha, denoised], [next.sigma, requireNoise(noise, i)]),
        predOriginalSample: denoised,
      };
    },
  };
}

function lcmTimesteps({ config, steps }: SchedulerSetup, strength: number): number[] {
  const { numTrainTimesteps, originalInferenceSteps } = config;
  const stride = Math.floor(numTrainTimesteps / originalInferenceSteps);
  const count = Math.floor(originalInferenceSteps * strength);
  if (!(steps >= 1 && steps <= count)) {
    throw new RangeError(
      `expected 1 to ${count} steps of LCM at strength ${strength}, got ${steps}`,
    );
  }
  return Array.from(
    { length: steps },
    (_, i) => (count - Math.floor((i * count) / steps)) * stride - 1,
  );
}
