// Gradients of a U-Net's squared error, and the weights after some steps of AdamW.

import { join } from 'node:path';
import { z } from 'zod';
import {
  continueGraph,
  differentiate,
  GraphBuilder,
  type Feeds,
  type Graph,
  type Session,
  type Value,
} from '../../src/graph/index.js';
import { buildUnet2DCondition, type Unet2DConditionConfig } from '../../src/models/index.js';
import { createNodeExecutor } from '../../src/runtime/ort-node.js';
import { toFloat64, type Weights } from '../../src/tensor/index.js';
import { lossValue } from '../../src/training/losses/losses.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { requireTensor, type Check } from './check.js';
import { relativeErrors, relativeToleranceSchema } from './relativeError.js';
import { adamwSchema, checkAdamw } from './unetAdamw.js';
import { unetFeeds } from './unetFeeds.js';

const gradSchema = z.object({
  loss: z.string(),
  loss_value: z.number(),
  target: z.string(),
  file: z.string(),
  extra: z.array(z.string()).default([]),
  tolerance: relativeToleranceSchema.extend({ loss_rel: z.number() }),
});

export const unetTrainingSchema = z.object({
  grad: gradSchema.optional(),
  adamw: adamwSchema.optional(),
});

export async function checkUnetTraining(
  directory: string,
  { grad, adamw }: z.output<typeof unetTrainingSchema>,
  config: Unet2DConditionConfig,
  weights: Weights,
  io: Weights,
): Promise<Check[]> {
  if (!grad) return adamw ? [{ name: 'adamw', skipped: 'no loss to follow' }] : [];
  const feeds = { ...unetFeeds(io, lossInputs(grad.loss)), target: requireTensor(io, grad.target) };
  const graph = gradientGraph(config, feeds, grad.extra.map(inputName));
  await using session = await createNodeExecutor().load(graph, new Map());
  const checks = await checkGradients(directory, grad, session, {
    ...feeds,
    ...Object.fromEntries(weights),
  });
  if (!adamw) return checks;
  return [...checks, ...(await checkAdamw(directory, adamw, session, feeds, weights))];
}

/** The loss and its gradients, weights being inputs so that they can change from step to step. */
function gradientGraph(
  config: Unet2DConditionConfig,
  feeds: Feeds,
  extra: readonly string[],
): Graph {
  const b = new GraphBuilder();
  const input = (name: string): Value => b.input(name, feeds[name].shape);
  const inputs = {
    sample: input('sample'),
    timestep: input('timestep'),
    encoderHiddenStates: input('encoder_hidden_states'),
  };
  const prediction = buildUnet2DCondition(b, config, inputs);
  const loss = lossValue(b, { kind: 'l2' }, prediction, input('target'));
  const forward = { ...b.build({ loss }), taps: [] };
  const params = forward.params.map(({ name }) => name);
  const backward = differentiate(forward, 'loss', [...params, ...extra]);
  const { builder, valueOf } = continueGraph(backward, new Set(params));
  const outputs = Object.entries(backward.outputs).map(([name, value]) => [name, valueOf(value)]);
  return builder.build(Object.fromEntries(outputs) as Record<string, Value>);
}

async function checkGradients(
  directory: string,
  { file, loss_value: expectedLoss, tolerance }: z.output<typeof gradSchema>,
  session: Session,
  feeds: Feeds,
): Promise<Check[]> {
  const { tensors: expected } = await readSafetensorsFile(join(directory, file));
  const actual = await session.run(feeds);
  const [loss] = toFloat64(actual.loss);
  const error = Math.abs(loss - expectedLoss) / Math.abs(expectedLoss);
  const missing = Object.keys(actual)
    .filter((name) => name.startsWith('grad:'))
    .map((name) => name.slice('grad:'.length))
    .filter((name) => !expected.has(name) && !expected.has(`__input.${name}`));
  if (missing.length > 0) throw new Error(`${file}: expected gradients of ${missing.join(', ')}`);
  return [
    { name: 'loss', error, tolerance: tolerance.loss_rel },
    ...[...expected].flatMap(([name, gradient]) =>
      relativeErrors(`gradient of ${name}`, actual[`grad:${inputName(name)}`], gradient, tolerance),
    ),
  ];
}

/** Inputs have a prefix among a case's gradients: `__input.sample`. */
function inputName(name: string): string {
  return name.replace(/^__input\./, '');
}

/** The case names its inputs in the sentence that says what the loss is. */
function lossInputs(loss: string): [string, string, string] {
  const [, sample, timestep, context] = /unet\(([\w.]+),\s*([\w.]+),\s*([\w.]+)\)/.exec(loss) ?? [];
  if (context === undefined) {
    throw new Error(`expected a loss of "unet(SAMPLE,TIMESTEP,CONTEXT)", got "${loss}"`);
  }
  return [sample, timestep, context];
}
