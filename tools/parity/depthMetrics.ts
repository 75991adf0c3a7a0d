// Alignment and scores of depth against a case of kind `marigold_depth_evaluation`.

import { join } from 'node:path';
import { z } from 'zod';
import { createImage, type Image } from '../../src/image/image.js';
import {
  alignDepth,
  clampDepth,
  depthScores,
  type AlignmentOptions,
  type DepthPair,
  type DepthScores,
} from '../../src/image/metrics/depth.js';
import { toFloat32, type Tensor } from '../../src/tensor/index.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { requireTensor, type Check, type CheckResult } from './check.js';
import { relativeErrors } from './relativeError.js';

const pairSchema = z.object({
  index: z.int(),
  alignment: z.enum(['least_square', 'least_square_disparity', 'least_square_maxres']),
  max_resolution: z.number().optional(),
  inputs: z.tuple([z.string(), z.string(), z.string()]),
  output: z.string(),
  scale: z.number(),
  shift: z.number(),
  min_depth: z.number(),
  max_depth: z.number(),
  metrics: z.record(z.string(), z.number()),
  valid_pixels: z.int(),
});
const caseSchema = z.object({
  file: z.string(),
  cases: z.array(pairSchema),
  tolerance: z.object({
    scale_shift_rel: z.number(),
    metrics_rel: z.number(),
    delta_abs: z.literal('2/valid_pixels'),
    aligned_rel_l2: z.number(),
  }),
});
type DepthCase = z.output<typeof pairSchema>;
type Tolerance = z.output<typeof caseSchema>['tolerance'];

const scoreNames: Readonly<Record<string, keyof DepthScores>> = {
  abs_relative_difference: 'absRel',
  squared_relative_difference: 'sqRel',
  rmse_linear: 'rmse',
  rmse_log: 'rmseLog',
  log10: 'log10',
  delta1_acc: 'delta1',
  delta2_acc: 'delta2',
  delta3_acc: 'delta3',
  i_rmse: 'inverseRmse',
  silog_rmse: 'silog',
};

export async function checkDepthMetrics(directory: string, caseJson: unknown): Promise<Check[]> {
  const { file, cases, tolerance } = caseSchema.parse(caseJson);
  const { tensors } = await readSafetensorsFile(join(directory, file));
  return cases.flatMap((one) => checkPair(one, tolerance, tensors));
}

function checkPair(
  one: DepthCase,
  tolerance: Tolerance,
  tensors: ReadonlyMap<string, Tensor>,
): Check[] {
  const [truth, prediction, mask] = one.inputs.map((name) => requireTensor(tensors, name));
  const valid = Uint8Array.from(toFloat32(mask));
  const pair: DepthPair = { truth: asImage(truth), prediction: asImage(prediction), valid };
  const options: AlignmentOptions = {
    space: one.alignment === 'least_square_disparity' ? 'disparity' : 'depth',
    ...(one.max_resolution !== undefined && { maxResolution: one.max_resolution }),
  };
  const { aligned, scale, shift } = alignDepth(pair, options);
  const depth = clampDepth(aligned, one.min_depth, one.max_depth);
  const expected = requireTensor(tensors, one.output);
  const actual: Tensor = { ...expected, data: depth.data };
  const [l2] = relativeErrors(one.output, actual, expected, {
    rel_l2: tolerance.aligned_rel_l2,
    max_rel: Infinity,
  });
  const scores = depthScores({ ...pair, prediction: depth });
  const counted = valid.filter((v) => v !== 0).length;
  return [
    relative(`${one.index} scale`, scale, one.scale, tolerance.scale_shift_rel),
    relative(`${one.index} shift`, shift, one.shift, tolerance.scale_shift_rel),
    {
      name: `${one.index} valid pixels`,
      error: Math.abs(counted - one.valid_pixels),
      tolerance: 0,
    },
    l2,
    ...Object.entries(one.metrics).map(([name, value]) =>
      checkScore(one, name, value, scores, tolerance),
    ),
  ];
}

function checkScore(
  one: DepthCase,
  name: string,
  expected: number,
  scores: DepthScores,
  tolerance: Tolerance,
): Check {
  const label = `${one.index} ${name}`;
  const key = scoreNames[name];
  if (!key) return { name: label, skipped: 'no such score here' };
  if (!key.startsWith('delta')) {
    return relative(label, scores[key], expected, tolerance.metrics_rel);
  }
  const error = Math.abs(scores[key] - expected);
  return { name: label, error, tolerance: 2 / one.valid_pixels };
}

function relative(name: string, actual: number, expected: number, tolerance: number): CheckResult {
  return { name, error: Math.abs(actual - expected) / Math.abs(expected), tolerance };
}

function asImage(map: Tensor): Image {
  const [height, width] = map.shape.slice(-2);
  return createImage(width, height, 1, toFloat32(map));
}
