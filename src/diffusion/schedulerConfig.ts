import { z } from 'zod';
import { betaSchedules, stableDiffusionNoise, type NoiseScheduleConfig } from './noiseSchedule.js';
import { predictionTypes, type PredictionType } from './predictionType.js';
import { timestepSpacings, type TimestepSpacing } from './timestepSpacing.js';

/** The schedulers, by the names that people type; `euler-a` is ancestral, `dpm++` is DPM-Solver++ 2M. */
export const schedulerNames = ['pndm', 'ddim', 'ddpm', 'euler', 'euler-a', 'dpm++', 'lcm'] as const;
export type SchedulerName = (typeof schedulerNames)[number];

const classes = {
  PNDMScheduler: 'pndm',
  DDIMScheduler: 'ddim',
  DDPMScheduler: 'ddpm',
  EulerDiscreteScheduler: 'euler',
  EulerAncestralDiscreteScheduler: 'euler-a',
  DPMSolverMultistepScheduler: 'dpm++',
  LCMScheduler: 'lcm',
} as const satisfies Record<string, SchedulerName>;

const classNames = Object.keys(classes) as (keyof typeof classes)[];
const varianceTypes = ['fixed_small', 'fixed_small_log', 'fixed_large'] as const;
const finalSigmasTypes = ['zero', 'sigma_min'] as const;
const solverTypes = ['midpoint', 'heun'] as const;

const sampleRange = z.number().positive();

/**
 * `scheduler_config.json` of diffusers. Each class reads the keys it knows, so that one file serves them all;
 * what a class does not find has its own default. A key with one value here has no other that is supported.
 */
export const schedulerConfigSchema = z.strictObject({
  _class_name: z.enum(classNames),
  _diffusers_version: z.string().optional(),
  num_train_timesteps: z.int().min(1).max(100_000).optional(),
  beta_start: z.number().positive().optional(),
  beta_end: z.number().positive().lt(1).optional(),
  beta_schedule: z.enum(betaSchedules).optional(),
  trained_betas: z.array(z.number().positive().lt(1)).min(1).nullish(),
  rescale_betas_zero_snr: z.boolean().optional(),
  prediction_type: z.enum(predictionTypes).optional(),
  timestep_spacing: z.enum(timestepSpacings).optional(),
  steps_offset: z.int().min(0).max(1000).optional(),
  clip_sample: z.boolean().optional(),
  clip_sample_range: sampleRange.optional(),
  thresholding: z.literal(false).optional(),
  dynamic_thresholding_ratio: z.number().optional(),
  sample_max_value: z.number().optional(),
  set_alpha_to_one: z.boolean().optional(),
  variance_type: z.enum(varianceTypes).nullish(),
  skip_prk_steps: z.literal(true).optional(),
  interpolation_type: z.literal('linear').optional(),
  timestep_type: z.literal('discrete').optional(),
  use_karras_sigmas: z.boolean().nullish(),
  use_exponential_sigmas: z.literal(false).nullish(),
  use_beta_sigmas: z.literal(false).nullish(),
  use_flow_sigmas: z.literal(false).nullish(),
  use_lu_lambdas: z.literal(false).nullish(),
  sigma_min: z.null().optional(),
  sigma_max: z.null().optional(),
  final_sigmas_type: z.enum(finalSigmasTypes).optional(),
  algorithm_type: z.literal('dpmsolver++').optional(),
  solver_order: z.union([z.literal(1), z.literal(2)], { error: 'expected 1 or 2' }).optional(),
  solver_type: z.enum(solverTypes).optional(),
  lower_order_final: z.boolean().optional(),
  euler_at_final: z.boolean().optional(),
  lambda_min_clipped: z.literal(-Infinity).nullish(),
  original_inference_steps: z.int().min(1).max(1000).optional(),
  timestep_scaling: z.number().positive().optional(),
});

export type SchedulerFile = z.output<typeof schedulerConfigSchema>;

/** A scheduler's settings; each reads what concerns it. */
export interface SchedulerConfig extends NoiseScheduleConfig {
  readonly name: SchedulerName;
  readonly predictionType: PredictionType;
  readonly timestepSpacing: TimestepSpacing;
  readonly stepsOffset: number;
  /** What the predicted clean sample is clamped to, either side of 0; null for not at all, as for latents. */
  readonly clipSampleRange: number | null;
  /** Whether the step past timestep 0 ends at alphasCumprod = 1 instead of that of timestep 0. */
  readonly setAlphaToOne: boolean;
  readonly varianceType: (typeof varianceTypes)[number];
  readonly useKarrasSigmas: boolean;
  readonly finalSigmasType: (typeof finalSigmasTypes)[number];
  readonly solverOrder: 1 | 2;
  readonly solverType: (typeof solverTypes)[number];
  readonly lowerOrderFinal: boolean;
  readonly eulerAtFinal: boolean;
  readonly originalInferenceSteps: number;
  readonly timestepScaling: number;
}

/** The settings under the names that the code uses, for the file's own scheduler or another. */
export function schedulerConfig(
  file: SchedulerFile,
  name: SchedulerName = classes[file._class_name],
): SchedulerConfig {
  const sigmaSpace = name === 'euler' || name === 'euler-a' || name === 'dpm++';
  const clips = !sigmaSpace && name !== 'pndm';
  const clipSample = clips && (file.clip_sample ?? name !== 'lcm');
  return {
    ...noiseConfig(file, name),
    name,
    predictionType: file.prediction_type ?? 'epsilon',
    timestepSpacing: file.timestep_spacing ?? (sigmaSpace ? 'linspace' : 'leading'),
    stepsOffset: file.steps_offset ?? 0,
    clipSampleRange: clipSample ? (file.clip_sample_range ?? 1) : null,
    setAlphaToOne: file.set_alpha_to_one ?? name !== 'pndm',
    varianceType: file.variance_type ?? 'fixed_small',
    useKarrasSigmas: file.use_karras_sigmas ?? false,
    finalSigmasType: file.final_sigmas_type ?? 'zero',
    solverOrder: file.solver_order ?? 2,
    solverType: file.solver_type ?? 'midpoint',
    lowerOrderFinal: file.lower_order_final ?? true,
    eulerAtFinal: file.euler_at_final ?? false,
    originalInferenceSteps: file.original_inference_steps ?? 50,
    timestepScaling: file.timestep_scaling ?? 10,
  };
}

function noiseConfig(file: SchedulerFile, name: SchedulerName): NoiseScheduleConfig {
  const defaults: NoiseScheduleConfig =
    name === 'lcm'
      ? stableDiffusionNoise
      : { ...stableDiffusionNoise, betaStart: 0.0001, betaEnd: 0.02, betaSchedule: 'linear' };
  const trainedBetas = file.trained_betas ?? null;
  return {
    numTrainTimesteps:
      trainedBetas?.length ?? file.num_train_timesteps ?? defaults.numTrainTimesteps,
    betaStart: file.beta_start ?? defaults.betaStart,
    betaEnd: file.beta_end ?? defaults.betaEnd,
    betaSchedule: file.beta_schedule ?? defaults.betaSchedule,
    trainedBetas,
    rescaleBetasZeroSnr: file.rescale_betas_zero_snr ?? false,
  };
}
