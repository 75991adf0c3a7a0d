import { linearCombination } from './linearCombination.js';
import { noiseLevel } from './noising.js';
import { predictedOriginal } from './predictionType.js';
import {
  clipSample,
  noiseFree,
  previousLevel,
  requireNoise,
  variancePreserving,
  type Scheduler,
  type SchedulerSetup,
} from './scheduler.js';
import type { SchedulerConfig } from './schedulerConfig.js';

/** DDPM (Ho et al. 2020): the mean of equation 7, plus noise at every step but that of timestep 0. */
export function ddpmScheduler(setup: SchedulerSetup, timesteps: readonly number[]): Scheduler {
  const { config, schedule, steps } = setup;
  const stride = Math.floor(config.numTrainTimesteps / steps);
  return {
    ...variancePreserving(setup, timesteps),
    needsNoise: (i) => timesteps[i] > 0,
    step(state, modelOutput, sample, i, noise) {
      const level = noiseLevel(schedule, timesteps[i]);
      const previous = previousLevel(schedule, timesteps[i] - stride, noiseFree);
      const original = clipSample(
        setup,
        predictedOriginal(config.predictionType, modelOutput, sample, level),
      );
      const alpha = level.alpha / previous.alpha;
      const beta = 1 - alpha ** 2;
      const noiseShare = (previous.sigma / level.sigma) ** 2;
      const mean = linearCombination(
        [(previous.alpha * beta) / level.sigma ** 2, original],
        [alpha * noiseShare, sample],
      );
      if (timesteps[i] === 0) return { state, sample: mean, predOriginalSample: original };
      const deviation = standardDeviation(config.varianceType, beta, noiseShare);
      const next = linearCombination([1, mean], [deviation, requireNoise(noise, i)]);
      return { state, sample: next, predOriginalSample: original };
    },
  };
}

function standardDeviation(
  type: SchedulerConfig['varianceType'],
  beta: number,
  noiseShare: number,
): number {
  switch (type) {
    case 'fixed_small':
    case 'fixed_small_log':
      return Math.sqrt(Math.max(noiseShare * beta, 1e-20));
    case 'fixed_large':
      return Math.sqrt(beta);
  }
}
