import { linearCombination } from './linearCombination.js';
import type { NoiseSchedule } from './noiseSchedule.js';
import { noiseLevel } from './noising.js';
import type { NoiseLevel } from './predictionType.js';
import type { SchedulerConfig } from './schedulerConfig.js';

/** What a multistep scheduler remembers between steps: never changed, replaced by each step. */
export interface SchedulerState {
  /** Earlier outputs (DPM-Solver++: predicted clean samples), the newest last. */
  readonly outputs: readonly Float32Array[];
  /** PNDM, Heun, UniPC: the sample that a step is done from again. */
  readonly firstSample?: Float32Array;
}

export const initialSchedulerState: SchedulerState = { outputs: [] };

export interface SchedulerStep {
  readonly state: SchedulerState;
  /** The sample at the next timestep. */
  readonly sample: Float32Array;
  /** The clean sample as foreseen at this step. */
  readonly predOriginalSample: Float32Array;
}

/**
 * How noise becomes a sample: for each index i of `timesteps`, run the denoiser on `scaleModelInput(sample, i)`
 * at `timesteps[i]` and give its output to `step`. Nothing here has a memory of its own; arrays are not changed.
 */
export interface Scheduler {
  /** What the denoiser is called with, in order; some schedulers call it at fractions, PNDM twice at one. */
  readonly timesteps: readonly number[];
  /** What standard normal noise is multiplied with to be a first sample. */
  readonly initNoiseSigma: number;
  /** A first sample that is a clean one, noised to the level of the first timestep. */
  noiseImage(clean: Float32Array, noise: Float32Array): Float32Array;
  scaleModelInput(sample: Float32Array, i: number): Float32Array;
  /** Whether step i draws noise. */
  needsNoise(i: number): boolean;
  /** @throws RangeError when the step needs noise and gets none. */
  step(
    state: SchedulerState,
    modelOutput: Float32Array,
    sample: Float32Array,
    i: number,
    noise?: Float32Array,
  ): SchedulerStep;
}

export interface SchedulerOptions {
  /** DDIM: the share of DDPM's noise that each step adds, 0 to 1. */
  readonly eta?: number;
  /** Image-to-image: the share of the steps that is run, above 0 to 1. */
  readonly strength?: number;
}

/** What every scheduler is made from. */
export interface SchedulerSetup {
  readonly config: SchedulerConfig;
  readonly schedule: NoiseSchedule;
  readonly steps: number;
  /** The first of the steps that is run. */
  readonly start: number;
}

/** The parts that schedulers whose samples have variance 1 share. */
export function variancePreserving(
  { schedule }: SchedulerSetup,
  timesteps: readonly number[],
): Pick<Scheduler, 'timesteps' | 'initNoiseSigma' | 'noiseImage' | 'scaleModelInput'> {
  return {
    timesteps,
    initNoiseSigma: 1,
    noiseImage(clean, noise) {
      const { alpha, sigma } = noiseLevel(schedule, timesteps[0]);
      return linearCombination([alpha, clean], [sigma, noise]);
    },
    scaleModelInput: (sample) => sample,
  };
}

/** The level that a step from `timestep` ends at, `stride` timesteps earlier. */
export function previousLevel(
  schedule: NoiseSchedule,
  timestep: number,
  pastTheEnd: NoiseLevel,
): NoiseLevel {
  return timestep >= 0 ? noiseLevel(schedule, timestep) : pastTheEnd;
}

/** The level past timestep 0. */
export function finalLevel({ config, schedule }: SchedulerSetup): NoiseLevel {
  return config.setAlphaToOne ? noiseFree : noiseLevel(schedule, 0);
}

export const noiseFree: NoiseLevel = { alpha: 1, sigma: 0 };

/** Clamps a predicted clean sample where the configuration says so. */
export function clipSample({ config }: SchedulerSetup, sample: Float32Array): Float32Array {
  const range = config.clipSampleRange;
  if (range === null) return sample;
  return sample.map((x) => Math.min(Math.max(x, -range), range));
}

/** The noise of a step that needs it. */
export function requireNoise(noise: Float32Array | undefined, i: number): Float32Array {
  if (!noise) throw new RangeError(`expected noise for step ${i}, got none`);
  return noise;
}
