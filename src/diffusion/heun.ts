import { eulerPath } from './euler.js';
import { linearCombination } from './linearCombination.js';
import { predictedOriginal } from './predictionType.js';
import { clipSample, type Scheduler, type SchedulerSetup } from './scheduler.js';
import { levelOfSigma } from './sigmas.js';

/**
 * Heun's method in sigma space (Karras et al. 2022, algorithm 1 without churn): every step but the last is done again with the
 * mean of the slopes at its two ends, so that each timestep but the first comes twice.
 */
export function heunScheduler(setup: SchedulerSetup, spaced: readonly number[]): Scheduler {
  const { config } = setup;
  const path = eulerPath(setup, spaced);
  const sigmas = [...path.sigmas.slice(0, -1), 0];
  const timesteps = path.timesteps.flatMap((timestep, i) =>
    i === 0 ? [timestep] : [timestep, timestep],
  );
  const largest = Math.max(...sigmas);
  // Call i is at the sigma of its timestep; an odd one corrects the step that ended there.
  const sigmaOf = (i: number): number => sigmas[Math.ceil(i / 2)];
  return {
    timesteps,
    initNoiseSigma: config.timestepSpacing === 'leading' ? Math.hypot(largest, 1) : largest,
    noiseImage: (clean, noise) => linearCombination([1, clean], [sigmas[0], noise]),
    scaleModelInput: (sample, i) => linearCombination([levelOfSigma(sigmaOf(i)).alpha, sample]),
    needsNoise: () => false,
    step({ outputs, firstSample }, modelOutput, sample, i) {
      const sigma = sigmaOf(i);
      const level = levelOfSigma(sigma);
      const scaled = linearCombination([level.alpha, sample]);
      const predicted = predictedOriginal(config.predictionType, modelOutput, scaled, level);
      const original = clipSample(setup, predicted);
      const slope = linearCombination([1 / sigma, sample], [-1 / sigma, original]);
      const isCorrection = i % 2 === 1 && firstSample !== undefined;
      if (isCorrection) {
        const half = (sigma - sigmaOf(i - 1)) / 2;
        const next = linearCombination([1, firstSample], [half, outputs[0]], [half, slope]);
        return { state: { outputs: [] }, sample: next, predOriginalSample: original };
      }
      const next = linearCombination([1, sample], [sigmaOf(i + 1) - sigma, slope]);
      const state = { outputs: [slope], firstSample: sample };
      return { state, sample: next, predOriginalSample: original };
    },
  };
}
