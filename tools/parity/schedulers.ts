// Noise schedules and schedulers against a case of kind `diffusion_schedulers`.

import { join } from 'node:path';
import { z } from 'zod';
import {
  addNoiseAt,
  createNoiseSchedule,
  createScheduler,
  initialSchedulerState,
  schedulerConfig,
  schedulerConfigSchema,
  trainingTarget,
  type NoiseSchedule,
  type Scheduler,
  type SchedulerState,
} from '../../src/diffusion/index.js';
import { float32, toFloat32, toFloat64, type Tensor } from '../../src/tensor/index.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { largestDifference, requireTensor, type Check } from './check.js';
import { relativeErrors, relativeToleranceSchema } from './relativeError.js';

const INTEGER_TIMESTEP = 0;
const FRACTIONAL_TIMESTEP = 1e-3;
const SIGMA_TOLERANCE = 1e-5;

const trajectorySchema = z.object({
  name: z.string(),
  class: z.string(),
  config: z.record(z.string(), z.unknown()),
  num_inference_steps: z.number(),
  step_kwargs: z.strictObject({ eta: z.number().optional() }),
  init_noise_sigma: z.number(),
  noise_draws_per_step: z.array(z.number()),
  outputs: z.array(z.string()),
  timesteps: z.array(z.number()),
});
const caseSchema = z.object({
  file: z.string(),
  betas: z.looseObject({ outputs: z.array(z.string()), tolerance_rel: z.number() }),
  add_noise: z.object({
    inputs: z.tuple([z.string(), z.string(), z.string()]),
    outputs: z.tuple([z.string(), z.string()]),
    tolerance: z.object({ max_abs: z.number() }),
  }),
  tolerance: relativeToleranceSchema,
  trajectories: z.array(trajectorySchema),
});
type SchedulersCase = z.output<typeof caseSchema>;
type Trajectory = z.output<typeof trajectorySchema>;
type Tensors = ReadonlyMap<string, Tensor>;

export async function checkSchedulers(directory: string, caseJson: unknown): Promise<Check[]> {
  const schedulersCase = caseSchema.parse(caseJson);
  const { tensors } = await readSafetensorsFile(join(directory, schedulersCase.file));
  const schedule = createNoiseSchedule(readConfig('DDPMScheduler', noiseKeys(schedulersCase)));
  return [
    ...checkTables(schedule, schedulersCase, tensors),
    ...checkNoising(schedule, schedulersCase, tensors),
    ...schedulersCase.trajectories.flatMap((trajectory) =>
      checkTrajectory(trajectory, schedulersCase.tolerance, tensors),
    ),
  ];
}

function noiseKeys({ betas }: SchedulersCase): Record<string, unknown> {
  const keys = Object.keys(schedulerConfigSchema.shape);
  return Object.fromEntries(Object.entries(betas).filter(([key]) => keys.includes(key)));
}

function readConfig(className: string, config: Record<string, unknown>) {
  return schedulerConfig(schedulerConfigSchema.parse({ _class_name: className, ...config }));
}

function checkTables(schedule: NoiseSchedule, { betas }: SchedulersCase, tensors: Tensors) {
  const tables: Record<string, Float64Array> = {
    betas: schedule.betas,
    alphas_cumprod: schedule.alphasCumprod,
  };
  return betas.outputs.map((name) => {
    const expected = toFloat64(requireTensor(tensors, name));
    return { name, error: largestRatio(tables[name], expected), tolerance: betas.tolerance_rel };
  });
}

function checkNoising(schedule: NoiseSchedule, { add_noise }: SchedulersCase, tensors: Tensors) {
  const { inputs, outputs, tolerance } = add_noise;
  const [clean, noise] = inputs.map((name) => toFloat32(requireTensor(tensors, name)));
  const timesteps = [...toFloat64(requireTensor(tensors, inputs[2]))];
  const actual = [
    addNoiseAt(schedule, clean, noise, timesteps),
    trainingTarget(schedule, 'v_prediction', clean, noise, timesteps),
  ];
  return outputs.map((name, i) => {
    const expected = toFloat32(requireTensor(tensors, name));
    return { name, error: largestDifference(actual[i], expected), tolerance: tolerance.max_abs };
  });
}

function checkTrajectory(
  trajectory: Trajectory,
  tolerance: SchedulersCase['tolerance'],
  tensors: Tensors,
): Check[] {
  const { name, num_inference_steps: steps, step_kwargs: options } = trajectory;
  const { eta } = options;
  const config = readConfig(trajectory.class, trajectory.config);
  const scheduler = createScheduler(config, steps, { ...(eta !== undefined && { eta }) });
  const draws = trajectory.noise_draws_per_step.map((count) => count > 0);
  const needed = scheduler.timesteps.map((_, i) => scheduler.needsNoise(i));
  const run = runTrajectory(scheduler, tensors);
  const produced: Record<string, Float32Array> = {
    samples: concatenate(run.samples),
    pred_x0: concatenate(run.originals),
  };
  const tensorChecks = trajectory.outputs
    .filter((output) => !output.endsWith('.sigmas'))
    .flatMap((output) => {
      const expected = requireTensor(tensors, output);
      const values = produced[output.slice(output.lastIndexOf('.') + 1)];
      return relativeErrors(output, shapedAs(expected, values), expected, tolerance);
    });
  const integers = trajectory.timesteps.every(Number.isInteger);
  return [
    {
      name: `${name} timesteps`,
      error: largestDifference(scheduler.timesteps, trajectory.timesteps),
      tolerance: integers ? INTEGER_TIMESTEP : FRACTIONAL_TIMESTEP,
    },
    {
      name: `${name} init_noise_sigma`,
      error: Math.abs(scheduler.initNoiseSigma / trajectory.init_noise_sigma - 1),
      tolerance: SIGMA_TOLERANCE,
    },
    { name: `${name} draws`, error: draws.join() === needed.join() ? 0 : 1, tolerance: 0 },
    ...tensorChecks,
    ...checkSigmas(trajectory, scheduler, tensors),
  ];
}

/** Runs the case's stand-in for a denoiser: 0.1 x + sin(t / 1000). */
function runTrajectory(scheduler: Scheduler, tensors: Tensors) {
  const initial = toFloat32(requireTensor(tensors, 'x_init'));
  const noises = toFloat32(requireTensor(tensors, 'noise_sequence'));
  let sample: Float32Array = initial.map((x) => x * scheduler.initNoiseSigma);
  let state: SchedulerState = initialSchedulerState;
  let drawn = 0;
  const samples = [sample];
  const originals: Float32Array[] = [];
  scheduler.timesteps.forEach((timestep, i) => {
    const input = scheduler.scaleModelInput(sample, i);
    const output = input.map((x) => 0.1 * x + Math.sin(timestep / 1000));
    const noise = scheduler.needsNoise(i)
      ? noises.subarray(drawn * sample.length, ++drawn * sample.length)
      : undefined;
    const step = scheduler.step(state, output, sample, i, noise);
    ({ state, sample } = step);
    samples.push(sample);
    originals.push(step.predOriginalSample);
  });
  return { samples, originals };
}

/** Sigmas show in how an image is noised (all but the last, and only for those that step in sigma space). */
function checkSigmas(trajectory: Trajectory, scheduler: Scheduler, tensors: Tensors): Check[] {
  const output = trajectory.outputs.find((name) => name.endsWith('.sigmas'));
  if (output === undefined) return [];
  const expected = toFloat64(requireTensor(tensors, output));
  const first = scheduler.noiseImage(Float32Array.of(1, 0), Float32Array.of(0, 1));
  const error = Math.abs(first[1] / first[0] / expected[0] - 1);
  return [{ name: `${output} (first)`, error, tolerance: SIGMA_TOLERANCE }];
}

function largestRatio(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  const ratios = Array.from(expected, (x, i) =>
    x === actual[i] ? 0 : Math.abs(actual[i] / x - 1),
  );
  return ratios.reduce((a, b) => (b <= a ? a : b), 0);
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

function shapedAs(expected: Tensor, values: Float32Array): Tensor {
  const same = values.length === expected.data.length;
  return float32(same ? expected.shape : [values.length], values);
}
