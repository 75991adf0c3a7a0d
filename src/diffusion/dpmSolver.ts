import { linearCombination } from './linearCombination.js';
import { predictedOriginal } from './predictionType.js';
import { multistepPath } from './multistepPath.js';
import type { Scheduler, SchedulerSetup } from './scheduler.js';
import { levelOfSigma } from './sigmas.js';

/** Below this many steps the last is of first order, which is steadier (Lu et al. 2022b). */
const FEW_STEPS = 15;

/** DPM-Solver++ of order 1 or 2, multistep, on predicted clean samples (Lu et al. 2022b, algorithm 2). */
export function dpmSolverScheduler(setup: SchedulerSetup): Scheduler {
  const { config, start } = setup;
  const path = multistepPath(setup);
  const timesteps = path.timesteps.slice(start);
  const sigmas = path.sigmas.slice(start);
  const last = timesteps.length - 1;
  const firstOrderLast =
    config.eulerAtFinal ||
    (config.lowerOrderFinal && setup.steps < FEW_STEPS) ||
    config.finalSigmasType === 'zero';
  return {
    timesteps,
    initNoiseSigma: 1,
    noiseImage(clean, noise) {
      const { alpha, sigma } = levelOfSigma(sigmas[0]);
      return linearCombination([alpha, clean], [sigma, noise]);
    },
    scaleModelInput: (sample) => sample,
    needsNoise: () => false,
    step({ outputs }, modelOutput, sample, i) {
      const level = levelOfSigma(sigmas[i]);
      const original = predictedOriginal(config.predictionType, modelOutput, sample, level);
      const earlier = outputs.at(-1);
      const firstOrder = config.solverOrder === 1 || !earlier || (i === last && firstOrderLast);
      const drift = firstOrder
        ? original
        : extrapolate(config.solverType, original, earlier, sigmas.slice(i - 1, i + 2));
      const next = levelOfSigma(sigmas[i + 1]);
      const kept = next.sigma / level.sigma;
      return {
        state: { outputs: [original] },
        sample: linearCombination([kept, sample], [next.alpha - kept * level.alpha, drift]),
        predOriginalSample: original,
      };
    },
  };
}

/** The clean sample that a second-order step heads for, from this and the step before; sigmas of before, now and next. */
function extrapolate(
  solverType: 'midpoint' | 'heun',
  original: Float32Array,
  earlier: Float32Array,
  sigmas: readonly number[],
): Float32Array {
  // In the paper's terms lambda = log(alpha / sigma) = -log(sigma of Karras), h its increase over this step.
  const [before, now, next] = sigmas.map((sigma) => -Math.log(sigma));
  const h = next - now;
  const ratio = (now - before) / h;
  // 1 - exp(-h) is 1 at the end, where h is infinite.
  const weight = solverType === 'midpoint' ? 1 / 2 : 1 / (1 - Math.exp(-h)) - 1 / h;
  const slope = weight / ratio;
  return linearCombination([1 + slope, original], [-slope, earlier]);
}
