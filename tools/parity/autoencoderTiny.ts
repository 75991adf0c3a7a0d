// AutoencoderTiny (TAESD) against a case of kind `autoencoder_tiny`.

import { join } from 'node:path';
import { z } from 'zod';
import { GraphBuilder, type Value } from '../../src/graph/index.js';
import {
  autoencoderTinyConfig,
  autoencoderTinyConfigSchema,
  autoencoderTinyDecoder,
  autoencoderTinyEncoder,
  scaleTinyLatents,
  unscaleTinyLatents,
  type AutoencoderTinyConfig,
} from '../../src/models/index.js';
import type { Tensor, Weights } from '../../src/tensor/index.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { requireTensor, type Check } from './check.js';
import { relativeErrors, relativeToleranceSchema } from './relativeError.js';
import { runWithTaps } from './runGraph.js';
import { checkStateDict } from './stateDict.js';

const exchange = z.object({ input: z.string(), output: z.string() });
const caseSchema = z.object({
  config: z.unknown(),
  num_parameters: z.number(),
  num_tensors: z.number(),
  files: z.object({ weights: z.string(), io: z.string() }),
  calls: z.array(
    z.object({
      encode: exchange.optional(),
      decode: exchange.optional(),
      scale_latents: exchange.optional(),
      unscale_latents: exchange.optional(),
    }),
  ),
  tolerance: relativeToleranceSchema,
});

type Latents = (b: GraphBuilder, config: AutoencoderTinyConfig, x: Value) => Value;

export async function checkAutoencoderTiny(directory: string, caseJson: unknown): Promise<Check[]> {
  const { files, calls, tolerance, ...head } = caseSchema.parse(caseJson);
  const config = autoencoderTinyConfig(autoencoderTinyConfigSchema.parse(head.config));
  const { tensors: weights } = await readSafetensorsFile(join(directory, files.weights));
  const { tensors: io } = await readSafetensorsFile(join(directory, files.io));
  const side = { batch: 1, height: 64, width: 64 };
  const checks: Check[] = checkStateDict(
    [autoencoderTinyEncoder(config, side), autoencoderTinyDecoder(config, side)],
    weights,
    { parameters: head.num_parameters, tensors: head.num_tensors },
  );
  const compare = async (
    pair: z.output<typeof exchange> | undefined,
    run: (x: Tensor) => Promise<Tensor>,
  ): Promise<void> => {
    if (!pair) return;
    const actual = await run(requireTensor(io, pair.input));
    checks.push(...relativeErrors(pair.output, actual, requireTensor(io, pair.output), tolerance));
  };
  for (const call of calls) {
    await compare(call.encode, (x) => encode(config, weights, x));
    await compare(call.decode, (x) => decode(config, weights, x));
    await compare(call.scale_latents, (x) => mapLatents(scaleTinyLatents, config, x));
    await compare(call.unscale_latents, (x) => mapLatents(unscaleTinyLatents, config, x));
  }
  return checks;
}

async function encode(
  config: AutoencoderTinyConfig,
  weights: Weights,
  sample: Tensor,
): Promise<Tensor> {
  const [batch, , height, width] = sample.shape;
  const graph = autoencoderTinyEncoder(config, { batch, height, width });
  return (await runWithTaps(graph, weights, { sample })).latents;
}

async function decode(
  config: AutoencoderTinyConfig,
  weights: Weights,
  latents: Tensor,
): Promise<Tensor> {
  const [batch, , height, width] = latents.shape;
  const graph = autoencoderTinyDecoder(config, { batch, height, width });
  return (await runWithTaps(graph, weights, { latent_sample: latents })).sample;
}

async function mapLatents(map: Latents, config: AutoencoderTinyConfig, x: Tensor): Promise<Tensor> {
  const b = new GraphBuilder();
  const graph = b.build({ mapped: map(b, config, b.input('x', x.shape)) });
  return (await runWithTaps(graph, new Map(), { x })).mapped;
}
