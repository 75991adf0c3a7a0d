import { z } from 'zod';
import { betaSchedules, stableDiffusionNoise, type NoiseScheduleConfig } from './noiseSchedule.js';
import { predictionTypes, type PredictionType } from './predictionType.js';
import { timestepSpacings, type TimestepSpacing } from './timestepSpacing.js';

/** The schedulers, by the names that people type; `euler-a` is ancestral, `dpm++` is DPM-Solver++ 2M. */
export const schedulerNames = [
  ...(['pndm', 'ddim', 'ddpm', 'euler', 'euler-a', 'heun', 'dpm++', 'deis', 'unipc'] as const),
  'lcm',
] as const;
export type SchedulerName = (typeof schedulerNames)[number];

const classes: Readonly<Record<string, SchedulerName>> = {
  PNDMScheduler: 'pndm',
  DDIMScheduler: 'ddim',
  DDPMScheduler: 'ddpm',
  EulerDiscreteScheduler: 'euler',
  EulerAncestralDiscreteScheduler: 'euler-a',
  HeunDiscreteScheduler: 'heun',
  DPMSolverMultistepScheduler: 'dpm++',
  DEISMultistepScheduler: 'deis',
  UniPCMultistepScheduler: 'unipc',
  LCMScheduler: 'lcm',
};

const varianceTypes = ['fixed_small', 'fixed_small_log', 'fixed_large'] as const;
const finalSigmasTypes = ['zero', 'sigma_min'] as const;
const solverTypes = ['midpoint', 'heun', 'logrho', 'bh1', 'bh2'] as const;

const sampleRange = z.number().positive();

/** What changes how steps are made, and not what the network was trained for; each sampler says what it can do of it. */
const sampling = {
  thresholding: z.boolean().nullish(),
  dynamic_thresholding_ratio: z.number().nullish(),
  sample_max_value: z.number().nullish(),
  set_alpha_to_one: z.boolean().optional(),
  variance_type: z.string().nullish(),
  skip_prk_steps: z.boolean().optional(),
  interpolation_type: z.string().nullish(),
  timestep_type: z.string().nullish(),
  use_karras_sigmas: z.boolean().nullish(),
  use_exponential_sigmas: z.boolean().nullish(),
  use_beta_sigmas: z.boolean().nullish(),
  use_lu_lambdas: z.boolean().nullish(),
  euler_at_final: z.boolean().optional(),
  sigma_min: z.number().nullish(),
  sigma_max: z.number().nullish(),
  final_sigmas_type: z.enum(finalSigmasTypes).optional(),
  algorithm_type: z.string().nullish(),
  solver_order: z.int().min(1).max(4).optional(),
  solver_type: z.enum(solverTypes).optional(),
  lower_order_final: z.boolean().optional(),
  /** -Infinity, as Python writes it, for no limit. */
  lambda_min_clipped: z
    .custom<number>((value) => typeof value === 'number', 'expected a number')
    .nullish(),
  predict_x0: z.boolean().nullish(),
  disable_corrector: z.array(z.int().min(0)).nullish(),
  solver_p: z.unknown().optional(),
  original_inference_steps: z.int().min(1).max(1000).optional(),
  timestep_scaling: z.number().positive().optional(),
};

/**
 * `scheduler_config.json` of diffusers, of whatever class. Each class reads the keys it knows, so that one file serves them all;
 * what a class does not find has its own default. Keys that say what the network predicts, and on which noise it was trained, must
 * be known and supported. Of what says how to sample, what is not supported is in the way of that sampler alone.
 */
export const schedulerConfigSchema = z
  .looseObject({
    _class_name: z.string().regex(/^[A-Za-z0-9_]{1,100}Scheduler$/, {
      error: 'expected the class of a scheduler, such as DDIMScheduler',
    }),
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
    use_flow_sigmas: z.literal(false).nullish(),
    ...sampling,
  })
  .superRefine((file, context) => {
    for (const key of unknownKeys(file)) {
      const value = file[key];
      const isOff = value === null || value === false;
      if (isOff || ignorable.has(key) || !Object.hasOwn(classes, file._class_name)) continue;
      context.addIssue({ code: 'custom', path: [key], message: 'no such key' });
    }
  });

/** Keys that newer versions of diffusers write and that change nothing while what they belong to is off. */
const ignorable: ReadonlySet<string> = new Set([
  'flow_shift',
  'use_dynamic_shifting',
  'time_shift_type',
  'base_shift',
  'max_shift',
  'base_image_seq_len',
  'max_image_seq_len',
  'shift',
  'shift_terminal',
  'invert_sigmas',
  'rho',
  'sigma_data',
  'use_noise_sampler',
  'noise_sampler_seed',
  's_noise',
]);

function unknownKeys(file: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(file).filter((key) => !Object.hasOwn(schedulerConfigSchema.shape, key));
}

/** What of a file is passed over, and that its own scheduler is none of ours, each in a sentence. */
export function schedulerNotices(file: SchedulerFile): string[] {
  const unknown = unknownKeys(file);
  const name = file._class_name;
  return [
    ...(Object.hasOwn(classes, name)
      ? []
      : [`${name} is not one of our schedulers: generate asks for --scheduler`]),
    ...(unknown.length > 0 ? [`ignored of the scheduler's config: ${unknown.join(', ')}`] : []),
  ];
}

/** Whether the file's own scheduler is one of ours. */
export function isOurScheduler({ _class_name: name }: SchedulerFile): boolean {
  return Object.hasOwn(classes, name);
}

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
  readonly solverOrder: number;
  readonly solverType: 'midpoint' | 'heun';
  /** UniPC: what the order conditions are divided by, its equations 3.11 and 3.12. */
  readonly uniSolver: 'bh1' | 'bh2';
  /** UniPC: the steps whose result is not corrected. */
  readonly uncorrectedSteps: readonly number[];
  readonly lowerOrderFinal: boolean;
  readonly eulerAtFinal: boolean;
  readonly originalInferenceSteps: number;
  readonly timestepScaling: number;
}

/**
 * The settings under the names that the code uses, for the file's own scheduler or another. Where the file's own is none of ours,
 * what says how to sample is that of DDIM: the noise schedule and the prediction are those of the file in any case.
 */
export function schedulerConfig(
  file: SchedulerFile,
  name: SchedulerName = isOurScheduler(file) ? classes[file._class_name] : 'ddim',
): SchedulerConfig {
  const clips = name === 'ddim' || name === 'ddpm' || name === 'lcm' || name === 'heun';
  const clipsUnlessSaid = name === 'ddim' || name === 'ddpm';
  const clipSample = clips && (file.clip_sample ?? clipsUnlessSaid);
  const { solver_type: solverType } = file;
  return {
    ...noiseConfig(file, name),
    name,
    predictionType: file.prediction_type ?? 'epsilon',
    timestepSpacing: file.timestep_spacing ?? (isOfSigmas(name) ? 'linspace' : 'leading'),
    stepsOffset: file.steps_offset ?? 0,
    clipSampleRange: clipSample ? (file.clip_sample_range ?? 1) : null,
    setAlphaToOne: file.set_alpha_to_one ?? name !== 'pndm',
    varianceType: varianceTypes.find((type) => type === file.variance_type) ?? 'fixed_small',
    useKarrasSigmas: file.use_karras_sigmas ?? false,
    finalSigmasType: file.final_sigmas_type ?? 'zero',
    solverOrder: file.solver_order ?? 2,
    solverType: solverType === 'heun' ? 'heun' : 'midpoint',
    uniSolver: solverType === 'bh1' ? 'bh1' : 'bh2',
    uncorrectedSteps: file.disable_corrector ?? [],
    lowerOrderFinal: file.lower_order_final ?? true,
    eulerAtFinal: file.euler_at_final ?? false,
    originalInferenceSteps: file.original_inference_steps ?? 50,
    timestepScaling: file.timestep_scaling ?? 10,
  };
}

/** Whether a scheduler steps from sigma to sigma, instead of from timestep to timestep. */
export function isOfSigmas(name: SchedulerName): boolean {
  return ['euler', 'euler-a', 'heun', 'dpm++', 'deis', 'unipc'].includes(name);
}

/**
 * Checks that a sampler can do what a file asks of it; `name` is that of a sampler which is asked for instead of the file's own.
 * @throws RangeError listing every key that it cannot follow, or naming a scheduler that is none of ours.
 */
export function checkSampling(file: SchedulerFile, name?: SchedulerName): void {
  const own = isOurScheduler(file) ? classes[file._class_name] : undefined;
  const sampler = name ?? own;
  if (sampler === undefined) {
    const known = schedulerNames.join(', ');
    throw new RangeError(
      `expected one of the schedulers ${known}, got ${file._class_name} of the checkpoint: choose one`,
    );
  }
  const problems = unsupported(file, sampler, sampler === own);
  if (problems.length > 0) {
    throw new RangeError(
      `expected what the ${sampler} scheduler can do, got ${problems.join(', ')}`,
    );
  }
}

/** Settings that a sampler would read and cannot follow. Those of another class are not meant for it. */
function unsupported(file: SchedulerFile, name: SchedulerName, isOwn: boolean): string[] {
  const found = (key: string, fits: boolean): string[] =>
    fits ? [] : [`${key} ${String(file[key])}`];
  const sigmas = isOfSigmas(name);
  const multistep = name === 'dpm++' || name === 'deis' || name === 'unipc';
  const least = file.lambda_min_clipped ?? -Infinity;
  return [
    ...found('thresholding', file.thresholding !== true || (sigmas && !multistep)),
    ...found('use_exponential_sigmas', file.use_exponential_sigmas !== true || !sigmas),
    ...found('use_beta_sigmas', file.use_beta_sigmas !== true || !sigmas),
    ...found('use_lu_lambdas', file.use_lu_lambdas !== true || name !== 'dpm++'),
    ...found('lambda_min_clipped', least === -Infinity || !(name === 'dpm++' && isOwn)),
    ...found('sigma_min', (file.sigma_min ?? null) === null || !(name === 'euler' && isOwn)),
    ...found('sigma_max', (file.sigma_max ?? null) === null || !(name === 'euler' && isOwn)),
    ...found('solver_order', (file.solver_order ?? 2) <= (name === 'dpm++' ? 2 : 3) || !multistep),
    ...found('predict_x0', file.predict_x0 !== false || name !== 'unipc'),
    ...found('solver_p', (file.solver_p ?? null) === null || name !== 'unipc'),
    ...found('skip_prk_steps', file.skip_prk_steps !== false || !(name === 'pndm' && isOwn)),
    ...found(
      'interpolation_type',
      (file.interpolation_type ?? 'linear') === 'linear' || name !== 'euler',
    ),
    ...found(
      'timestep_type',
      (file.timestep_type ?? 'discrete') === 'discrete' || name !== 'euler',
    ),
    ...found(
      'variance_type',
      varianceTypes.some((type) => type === (file.variance_type ?? 'fixed_small')) ||
        name !== 'ddpm',
    ),
    ...found(
      'algorithm_type',
      ['dpmsolver++', 'deis'].includes(file.algorithm_type ?? 'deis') || !(multistep && isOwn),
    ),
  ];
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
