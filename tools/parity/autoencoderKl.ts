// AutoencoderKL against a case of kind `autoencoder_kl`: encoder, taps, decoder, the latents' Gaussian, gradients.

import { join } from 'node:path';
import { z } from 'zod';
import { continueGraph, GraphBuilder, type Feeds, type Graph } from '../../src/graph/index.js';
import {
  autoencoderKLConfig,
  autoencoderKLConfigSchema,
  autoencoderKLDecoder,
  autoencoderKLEncoder,
  gaussianKl,
  gaussianMoments,
  gaussianSample,
  type AutoencoderKLConfig,
} from '../../src/models/index.js';
import { fromFloat64, type Tensor, type Weights } from '../../src/tensor/index.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { autoencoderGradientSchema, checkGradients } from './autoencoderKlGradients.js';
import { requireTensor, type Check } from './check.js';
import { relativeErrors, relativeToleranceSchema } from './relativeError.js';
import { runWithTaps } from './runGraph.js';
import { checkStateDict } from './stateDict.js';

const callSchema = z.object({
  name: z.string(),
  encode: z
    .object({
      input: z.string(),
      outputs: z.array(z.string()),
      kl_sum_per_sample: z.array(z.number()).optional(),
    })
    .optional(),
  decode: z.object({ input: z.string(), outputs: z.array(z.string()) }).optional(),
  taps: z.array(z.string()).default([]),
});
const distributionSchema = z.object({
  input: z.string(),
  noise: z.string(),
  outputs: z.array(z.string()),
  kl_sum_per_sample: z.array(z.number()),
});
const caseSchema = z.object({
  config: z.looseObject({}),
  num_parameters: z.number(),
  num_tensors: z.number(),
  files: z.object({ weights: z.string(), io: z.string(), grads: z.string().optional() }),
  calls: z.array(callSchema),
  tolerance: relativeToleranceSchema,
  distribution: distributionSchema.optional(),
  grad: autoencoderGradientSchema.optional(),
});

type Case = z.output<typeof caseSchema>;
type Call = z.output<typeof callSchema>;

export async function checkAutoencoderKl(directory: string, caseJson: unknown): Promise<Check[]> {
  const one = caseSchema.parse(caseJson);
  const file = { _class_name: 'AutoencoderKL', ...one.config };
  const config = autoencoderKLConfig(autoencoderKLConfigSchema.parse(file));
  const { tensors: weights } = await readSafetensorsFile(join(directory, one.files.weights));
  const { tensors: io } = await readSafetensorsFile(join(directory, one.files.io));
  const side = { batch: 1, height: 64, width: 64 };
  const checks = checkStateDict(
    [autoencoderKLEncoder(config, side), autoencoderKLDecoder(config, side)],
    weights,
    { parameters: one.num_parameters, tensors: one.num_tensors },
  );
  for (const call of one.calls) checks.push(...(await checkCall(call, config, weights, io, one)));
  if (one.distribution) checks.push(...(await checkDistribution(one.distribution, io, one)));
  if (one.grad) checks.push(...(await checkGradients(directory, one.grad, config, weights, io)));
  return checks;
}

async function checkCall(
  { name, encode, decode, taps }: Call,
  config: AutoencoderKLConfig,
  weights: Weights,
  io: Weights,
  { tolerance }: Case,
): Promise<Check[]> {
  const actual: Record<string, Tensor> = {};
  const checks: Check[] = [];
  const run = async (graph: Graph, feeds: Feeds): Promise<void> => {
    for (const [key, value] of Object.entries(await runWithTaps(graph, weights, feeds))) {
      actual[`${name}.${key.replace('tap:', 'tap.')}`] = value;
    }
  };
  if (encode) {
    const sample = requireTensor(io, encode.input);
    const [batch, , height, width] = sample.shape;
    await run(withMoments(autoencoderKLEncoder(config, { batch, height, width })), { sample });
    const kl = actual[`${name}.kl`];
    checks.push(...klCheck(name, kl, encode.kl_sum_per_sample, tolerance));
  }
  if (decode) {
    const latent = requireTensor(io, decode.input);
    const [batch, , height, width] = latent.shape;
    const { outputs, ...graph } = autoencoderKLDecoder(config, { batch, height, width });
    await run({ ...graph, outputs: { decoded: outputs.sample } }, { latent_sample: latent });
  }
  for (const key of [...(encode?.outputs ?? []), ...(decode?.outputs ?? []), ...taps]) {
    checks.push(...relativeErrors(key, actual[key], requireTensor(io, key), tolerance));
  }
  return checks;
}

function withMoments(encoder: Graph): Graph {
  const { builder, valueOf } = continueGraph(encoder);
  const moments = valueOf(encoder.outputs.latent_parameters);
  const gaussian = gaussianMoments(builder, moments);
  return builder.build({ moments, ...gaussian, kl: gaussianKl(builder, gaussian) });
}

async function checkDistribution(
  { input, noise, outputs, kl_sum_per_sample }: z.output<typeof distributionSchema>,
  io: Weights,
  { tolerance }: Case,
): Promise<Check[]> {
  const feeds = { moments: requireTensor(io, input), noise: requireTensor(io, noise) };
  const b = new GraphBuilder();
  const gaussian = gaussianMoments(b, b.input('moments', feeds.moments.shape));
  const sample = gaussianSample(b, gaussian, b.input('noise', feeds.noise.shape));
  const graph = b.build({ ...gaussian, sample, kl: gaussianKl(b, gaussian) });
  const actual = await runWithTaps(graph, new Map(), feeds);
  return [
    ...outputs.flatMap((key) => {
      const [, name] = key.split('.');
      return relativeErrors(key, actual[name], requireTensor(io, key), tolerance);
    }),
    ...klCheck('distribution', actual.kl, kl_sum_per_sample, tolerance),
  ];
}

function klCheck(
  name: string,
  actual: Tensor,
  expected: readonly number[] | undefined,
  tolerance: Case['tolerance'],
): Check[] {
  if (!expected) return [];
  return relativeErrors(
    `${name} KL`,
    actual,
    fromFloat64('float64', [expected.length], expected),
    tolerance,
  );
}
