import { linearCombination, type Term } from './linearCombination.js';
import { predictedOriginal } from './predictionType.js';
import { requireNoise, type Scheduler, type SchedulerSetup } from './scheduler.js';
import {
  karrasSigmas,
  levelOfSigma,
  sigmaAt,
  sigmasOfSchedule,
  timestepOfSigma,
} from './sigmas.js';

/** Where a scheduler in sigma space goes: sigmas have one entry more than timesteps, the end. */
export interface SigmaPath {
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
}

/** Euler's method in sigma space (Karras et al. 2022, algorithm 2 without churn): `x + (x - x0) / sigma * dsigma`. */
export function eulerScheduler(setup: SchedulerSetup, spaced: readonly number[]): Scheduler {
  const path = eulerPath(setup, spaced);
  return sigmaSpaceScheduler(setup, path, (sigma, next) => ({ down: next, up: 0 }), false);
}

/** Euler's method with ancestral noise: to below the next sigma, and back up to it with new noise. */
export function eulerAncestralScheduler(
  setup: SchedulerSetup,
  spaced: readonly number[],
): Scheduler {
  const { timesteps, sigmas } = eulerPath(setup, spaced);
  const path = { timesteps, sigmas: [...sigmas.slice(0, -1), 0] };
  const target = (sigma: number, next: number) => {
    const up = Math.sqrt((next ** 2 * (sigma ** 2 - next ** 2)) / sigma ** 2);
    return { down: Math.sqrt(next ** 2 - up ** 2), up };
  };
  return sigmaSpaceScheduler(setup, path, target, true);
}

export function eulerPath(
  { config, schedule, start }: SchedulerSetup,
  spaced: readonly number[],
): SigmaPath {
  const table = sigmasOfSchedule(schedule);
  const plain = spaced.map((timestep) => sigmaAt(table, timestep));
  const sigmas = config.useKarrasSigmas
    ? karrasSigmas(plain[0], plain[plain.length - 1], plain.length)
    : plain;
  const timesteps = config.useKarrasSigmas
    ? sigmas.map((sigma) => timestepOfSigma(table, sigma))
    : spaced;
  const end = config.finalSigmasType === 'zero' ? 0 : table[0];
  return { timesteps: timesteps.slice(start), sigmas: [...sigmas.slice(start), end] };
}

function sigmaSpaceScheduler(
  { config }: SchedulerSetup,
  { timesteps, sigmas }: SigmaPath,
  target: (sigma: number, next: number) => { down: number; up: number },
  ancestral: boolean,
): Scheduler {
  const largest = Math.max(...sigmas);
  return {
    timesteps,
    // Leading timesteps do not start at the noisiest level, so a sample of it holds a part of the signal's variance.
    initNoiseSigma: config.timestepSpacing === 'leading' ? Math.hypot(largest, 1) : largest,
    noiseImage: (clean, noise) => linearCombination([1, clean], [sigmas[0], noise]),
    scaleModelInput: (sample, i) => linearCombination([levelOfSigma(sigmas[i]).alpha, sample]),
    needsNoise: () => ancestral,
    step(state, modelOutput, sample, i, noise) {
      const level = levelOfSigma(sigmas[i]);
      const scaled = linearCombination([level.alpha, sample]);
      const original = predictedOriginal(config.predictionType, modelOutput, scaled, level);
      const { down, up } = target(sigmas[i], sigmas[i + 1]);
      const kept = down / sigmas[i];
      const fresh: readonly Term[] = ancestral ? [[up, requireNoise(noise, i)]] : [];
      return {
        state,
        sample: linearCombination([kept, sample], [1 - kept, original], ...fresh),
        predOriginalSample: original,
      };
    },
  };
}
