// UNet2DConditionModel against a case of kind `unet_forward`: every call's output and taps, and where the case has
// them the gradients and AdamW's first steps.

import { join } from 'node:path';
import { z } from 'zod';
import type { Graph } from '../../src/graph/index.js';
import {
  parseConfig,
  unet2DCondition,
  unet2DConditionConfig,
  unet2DConditionConfigSchema,
  type Unet2DConditionConfig,
} from '../../src/models/index.js';
import type { Weights } from '../../src/tensor/index.js';
import { castWeights } from '../../src/weights/index.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { requireTensor, type Check } from './check.js';
import { moduleOutput } from './moduleOutput.js';
import {
  relativeErrors,
  relativeToleranceSchema,
  type RelativeTolerance,
} from './relativeError.js';
import { runWithTaps } from './runGraph.js';
import { checkStateDict } from './stateDict.js';
import { unetFeeds } from './unetFeeds.js';
import { checkUnetTraining, unetTrainingSchema } from './unetTraining.js';

const callSchema = z.object({
  name: z.string(),
  inputs: z.tuple([z.string(), z.string(), z.string()]),
  outputs: z.tuple([z.string()]),
  taps: z.array(z.string()).default([]),
});
const caseSchema = z.object({
  class: z.string(),
  config: z.looseObject({}),
  num_parameters: z.number(),
  num_tensors: z.number(),
  files: z.object({ weights: z.string(), io: z.string() }),
  calls: z.array(callSchema),
  tolerance: relativeToleranceSchema,
});

type Call = z.output<typeof callSchema>;

export async function checkUnetForward(directory: string, caseJson: unknown): Promise<Check[]> {
  const one = caseSchema.parse(caseJson);
  const file = { _class_name: one.class, ...one.config };
  const config = unet2DConditionConfig(parseConfig(unet2DConditionConfigSchema, file, 'config'));
  const stored = await readSafetensorsFile(join(directory, one.files.weights));
  const weights = castWeights(stored.tensors, 'float32');
  const { tensors: io } = await readSafetensorsFile(join(directory, one.files.io));
  const graph = unet2DCondition(config, { batch: 1, height: 8, width: 8, contextTokens: 1 });
  const stated = { parameters: one.num_parameters, tensors: one.num_tensors };
  const checks = checkStateDict([graph], weights, stated);
  for (const call of one.calls) {
    checks.push(...(await checkCall(call, config, weights, io, one.tolerance)));
  }
  const training = unetTrainingSchema.parse(caseJson);
  return [...checks, ...(await checkUnetTraining(directory, training, config, weights, io))];
}

async function checkCall(
  { name, inputs, outputs: [output], taps }: Call,
  config: Unet2DConditionConfig,
  weights: Weights,
  io: Weights,
  tolerance: RelativeTolerance,
): Promise<Check[]> {
  const feeds = unetFeeds(io, inputs);
  const [batch, , height, width] = feeds.sample.shape;
  const contextTokens = feeds.encoder_hidden_states.shape[1];
  const graph = unet2DCondition(config, { batch, height, width, contextTokens });
  const actual = await runWithTaps(withModules(graph, name, output, taps), weights, feeds);
  return [output, ...taps].flatMap((key) =>
    relativeErrors(key, actual[key], requireTensor(io, key), tolerance),
  );
}

/** The network with a case's names for its output and for what it taps: `CALL.tap.MODULE`, or `tap.detail.MODULE`. */
function withModules(graph: Graph, call: string, output: string, taps: readonly string[]): Graph {
  const modules = taps.map((tap) => {
    const module = tap.replace(`${call}.tap.`, '').replace(/^detail\./, '');
    return [tap, moduleOutput(graph, module)] as const;
  });
  const outputs = { [output]: graph.outputs.out_sample, ...Object.fromEntries(modules) };
  return { ...graph, outputs, taps: [] };
}
