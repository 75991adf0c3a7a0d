import { linearCombination } from './linearCombination.js';
import { noiseLevel } from './noising.js';
import { predictedNoise, predictedOriginal } from './predictionType.js';
import {
  clipSample,
  finalLevel,
  previousLevel,
  requireNoise,
  variancePreserving,
  type Scheduler,
  type SchedulerSetup,
} from './scheduler.js';

/** DDIM (Song et al. 2021, equations 12 and 16): deterministic at eta 0, as noisy as DDPM at eta 1. */
export function ddimScheduler(
  setup: SchedulerSetup,
  timesteps: readonly number[],
  eta: number,
): Scheduler {
  const { config, schedule, steps } = setup;
  const stride = Math.floor(config.numTrainTimesteps / steps);
  return {
    ...variancePreserving(setup, timesteps),
    needsNoise: () => eta > 0,
    step(state, modelOutput, sample, i, noise) {
      const level = noiseLevel(schedule, timesteps[i]);
      const previous = previousLevel(schedule, timesteps[i] - stride, finalLevel(setup));
      const original = clipSample(
        setup,
        predictedOriginal(config.predictionType, modelOutput, sample, level),
      );
      const epsilon = predictedNoise(config.predictionType, modelOutput, sample, level);
      const beta = 1 - (level.alpha / previous.alpha) ** 2;
      const deviation = eta * (previous.sigma / level.sigma) * Math.sqrt(beta);
      const direction = Math.sqrt(Math.max(previous.sigma ** 2 - deviation ** 2, 0));
      const next = linearCombination(
        [previous.alpha, original],
        [direction, epsilon],
        ...(eta > 0 ? [[deviation, requireNoise(noise, i)] as const] : []),
      );
      return { state, sample: next, predOriginalSample: original };
    },
  };
}
