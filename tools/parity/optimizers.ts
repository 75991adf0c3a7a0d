// AdamW on given gradients, gradient clipping and learning-rate schedules against a case of kind
// `adamw_without_network`.

import { join } from 'node:path';
import { z } from 'zod';
import { toFloat32, type Weights } from '../../src/tensor/index.js';
import { clipFactor, sumOfSquares } from '../../src/training/loop/gradients.js';
import { createOptimizer } from '../../src/training/optimizers/optimizers.js';
import { scheduleFactor, type ScheduleConfig } from '../../src/training/optimizers/schedules.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { largestDifference, requireTensor, type Check, type CheckResult } from './check.js';

const adamwSchema = z.object({
  name: z.string(),
  hyperparameters: z.strictObject({
    lr: z.number(),
    betas: z.tuple([z.number(), z.number()]),
    eps: z.number(),
    weight_decay: z.number(),
  }),
  clip_grad_norm: z.number().nullable(),
  grad_norms_before_clip: z.array(z.number()).nullable(),
  steps: z.int(),
  inputs: z.tuple([z.string(), z.string()]),
  outputs: z.tuple([z.string()]),
});

const scheduleSchema = z.object({
  name: z.string(),
  args: z.record(z.string(), z.number()),
  base_lr: z.number(),
});

const caseSchema = z.object({
  file: z.string(),
  cases: z.array(adamwSchema),
  tolerance: z.object({ max_abs: z.number() }),
  lr_schedules: z
    .object({ tolerance_rel: z.number(), cases: z.array(z.looseObject(scheduleSchema.shape)) })
    .optional(),
});

type AdamwCase = z.output<typeof adamwSchema>;
type ScheduleCase = z.output<typeof scheduleSchema>;

export async function checkOptimizers(directory: string, caseJson: unknown): Promise<Check[]> {
  const { file, cases, tolerance, lr_schedules } = caseSchema.parse(caseJson);
  const { tensors } = await readSafetensorsFile(join(directory, file));
  const updates = cases.flatMap((one) => checkUpdates(one, tensors, tolerance.max_abs));
  const schedules = lr_schedules?.cases.map((one) =>
    checkSchedule(one, usedRates(one), lr_schedules.tolerance_rel),
  );
  return [...updates, ...(schedules ?? [])];
}

function checkUpdates(one: AdamwCase, tensors: Weights, tolerance: number): CheckResult[] {
  const { lr, betas, eps, weight_decay: weightDecay } = one.hyperparameters;
  const optimizer = createOptimizer({ kind: 'adamw', betas, eps, weightDecay });
  const param = toFloat32(requireTensor(tensors, one.inputs[0])).slice();
  const gradients = toFloat32(requireTensor(tensors, one.inputs[1]));
  const moments = optimizer.slots.map(() => new Float32Array(param.length));
  const numbers = { param, average: param.slice(), moments };
  const trail = new Float32Array(one.steps * param.length);
  const norms: number[] = [];
  for (let i = 0; i < one.steps; i++) {
    const gradient = gradients.slice(i * param.length, (i + 1) * param.length);
    const norm = Math.sqrt(sumOfSquares(gradient));
    const gradientScale = clipFactor(norm, one.clip_grad_norm ?? Infinity);
    norms.push(norm);
    const at = { learningRate: lr, step: i + 1, gradientScale, averageRate: 0 };
    optimizer.update(numbers, gradient, at);
    trail.set(param, i * param.length);
  }
  const expected = toFloat32(requireTensor(tensors, one.outputs[0]));
  const results = [
    { name: `${one.name} parameters`, error: largestDifference(trail, expected), tolerance },
  ];
  if (one.grad_norms_before_clip) {
    // The case states no tolerance for the norms; theirs come from the same float32 gradients.
    const error = largestRelativeDifference(norms, one.grad_norms_before_clip);
    results.push({ name: `${one.name} gradient norms`, error, tolerance: 1e-6 });
  }
  return results;
}

/** The learning rates, under a key that names their range, such as `lr_used_at_step_0_to_39`. */
function usedRates(one: ScheduleCase & Record<string, unknown>): number[] {
  const key = Object.keys(one).find((name) => name.startsWith('lr_used_at_step_0_to_'));
  return z.array(z.number()).parse(key === undefined ? undefined : one[key]);
}

function checkSchedule(one: ScheduleCase, expected: readonly number[], tolerance: number): Check {
  const name = `schedule ${one.name}`;
  const { num_warmup_steps: warmupSteps = 0, num_training_steps: totalSteps = 0 } = one.args;
  const known = new Set(['num_warmup_steps', 'num_training_steps']);
  const unknown = Object.keys(one.args).filter((argument) => !known.has(argument));
  const kind = scheduleKinds[one.name];
  if (!kind || unknown.length > 0) {
    return { name, skipped: kind ? `argument ${unknown.join(', ')}` : 'no such schedule here' };
  }
  const config = { kind, warmupSteps, finalFactor: 0 };
  const rates = expected.map((_, step) => one.base_lr * scheduleFactor(config, step, totalSteps));
  return { name, error: largestRelativeDifference(rates, expected), tolerance };
}

const scheduleKinds: Readonly<Record<string, ScheduleConfig['kind']>> = {
  constant: 'constant',
  constant_with_warmup: 'constant',
  linear: 'linear',
  cosine: 'cosine',
};

/** The largest difference as a part of the expected value; where that is 0, nothing else will do. */
function largestRelativeDifference(actual: readonly number[], expected: readonly number[]): number {
  let largest = 0;
  for (const [i, value] of actual.entries()) {
    const difference = Math.abs(value - expected[i]);
    const relative = difference === 0 ? 0 : difference / Math.abs(expected[i]);
    if (Number.isNaN(relative)) return NaN;
    largest = Math.max(largest, relative);
  }
  return largest;
}
