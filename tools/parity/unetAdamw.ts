// The weights of a U-Net after some steps of AdamW, and the losses on the way.

import { join } from 'node:path';
import { z } from 'zod';
import type { Feeds, Session } from '../../src/graph/index.js';
import { tensor, toFloat32, toFloat64, type Weights } from '../../src/tensor/index.js';
import { createOptimizer } from '../../src/training/optimizers/optimizers.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { fractionBeyond, requireTensor, type Check, type CheckResult } from './check.js';

const rulesSchema = z.record(z.string(), z.union([z.number(), z.string()]));

export const adamwSchema = z.object({
  hyperparameters: z.strictObject({
    lr: z.number(),
    betas: z.tuple([z.number(), z.number()]),
    eps: z.number(),
    weight_decay: z.number(),
  }),
  steps: z.array(z.int()),
  /** Rules for `stepN`, among others. */
  tolerance: z.looseObject({ losses_rel: z.number() }),
  losses_before_each_step_then_final: z.array(z.number()),
  files: z.record(z.string(), z.string()),
});

type AdamwCase = z.output<typeof adamwSchema>;

export async function checkAdamw(
  directory: string,
  one: AdamwCase,
  session: Session,
  feeds: Feeds,
  weights: Weights,
): Promise<Check[]> {
  const { tolerance, losses_before_each_step_then_final: losses } = one;
  const { lr: learningRate, betas, eps, weight_decay: weightDecay } = one.hyperparameters;
  const optimizer = createOptimizer({ kind: 'adamw', betas, eps, weightDecay });
  const current = new Map(
    [...weights].map(([name, { shape, data }]) => {
      return [name, tensor('float32', shape, Float32Array.from(data as Float32Array))] as const;
    }),
  );
  const moments = new Map(
    [...current].map(([name, { data }]) => {
      return [name, optimizer.slots.map(() => new Float32Array(data.length))] as const;
    }),
  );
  const checks: Check[] = [];
  for (const [done, expectedLoss] of losses.entries()) {
    if (one.steps.includes(done)) {
      const { tensors } = await readSafetensorsFile(join(directory, one.files[done]));
      const rules = rulesSchema.parse(tolerance[`step${done}`]);
      checks.push(...checkUpdate(`step ${done}`, rules, weights, current, tensors));
    }
    const actual = await session.run({ ...feeds, ...Object.fromEntries(current) });
    const [loss] = toFloat64(actual.loss);
    const error = Math.abs(loss - expectedLoss) / Math.abs(expectedLoss);
    checks.push({ name: `loss after ${done} steps`, error, tolerance: tolerance.losses_rel });
    for (const [name, { data }] of current) {
      const gradient = toFloat32(actual[`grad:${name}`]);
      const at = { learningRate, step: done + 1, gradientScale: 1, averageRate: 0 };
      const average = data.slice();
      optimizer.update({ param: data, average, moments: moments.get(name) ?? [] }, gradient, at);
    }
  }
  return checks;
}

function checkUpdate(
  label: string,
  rules: z.output<typeof rulesSchema>,
  before: Weights,
  actual: Weights,
  expected: Weights,
): CheckResult[] {
  return Object.entries(rules).flatMap(([rule, limit]) => {
    if (rule === 'update_rel_l2_all') {
      const error = updateError(before, actual, expected);
      return [{ name: `${label} update`, error, tolerance: Number(limit) }];
    }
    const [, distance] = /^elements_with_abs_diff_gt_(.+)$/.exec(rule) ?? [];
    if (distance === undefined) throw new Error(`expected a known AdamW rule, got ${rule}`);
    return partsAllowed(String(limit)).map(({ part, tolerance, includes }) => {
      const names = [...expected.keys()].filter(includes);
      const [a, e] = [actual, expected].map((weights) => joined(weights, names));
      const error = fractionBeyond(a, e, Number(distance));
      return { name: `${label} ${part} off by more than ${distance}`, error, tolerance };
    });
  });
}

/** "at most 0.3 % of all elements; and at most 0.3 % of the elements of all norm weights taken together". */
function partsAllowed(rule: string): {
  part: string;
  tolerance: number;
  includes: (name: string) => boolean;
}[] {
  const [, all, norms] =
    /^at most ([\d.]+) % of all elements(?:; and at most ([\d.]+) % of the elements of all norm weights)?/.exec(
      rule,
    ) ?? [];
  if (all === undefined) throw new Error(`expected "at most P % of all elements", got "${rule}"`);
  const parts = [{ part: 'elements', tolerance: Number(all) / 100, includes: () => true }];
  if (norms === undefined) return parts;
  const includes = (name: string): boolean => /norm\w*\.weight$/.test(name);
  return [...parts, { part: 'norm weights', tolerance: Number(norms) / 100, includes }];
}

function joined(weights: Weights, names: readonly string[]): Float32Array {
  const parts = names.map((name) => toFloat32(requireTensor(weights, name)));
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** How far the update is off, as a part of the update that is expected: over all weights together. */
function updateError(before: Weights, actual: Weights, expected: Weights): number {
  const names = [...expected.keys()];
  const [p, a, e] = [before, actual, expected].map((weights) => joined(weights, names));
  let [difference, update] = [0, 0];
  for (let i = 0; i < e.length; i++) {
    difference += (a[i] - e[i]) ** 2;
    update += (e[i] - p[i]) ** 2;
  }
  return Math.sqrt(difference / update);
}
