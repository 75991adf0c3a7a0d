// The gradients of an autoencoder's L1 reconstruction loss with respect to every parameter.

import { join } from 'node:path';
import { z } from 'zod';
import { differentiate, GraphBuilder, type Graph } from '../../src/graph/index.js';
import {
  buildDecoder,
  buildEncoder,
  gaussianMoments,
  gaussianSample,
  type AutoencoderKLConfig,
} from '../../src/models/index.js';
import { toFloat64, zeros, type Shape, type Weights } from '../../src/tensor/index.js';
import { lossValue } from '../../src/training/losses/losses.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { largestDifference, requireTensor, type Check } from './check.js';
import { relativeErrors, relativeToleranceSchema } from './relativeError.js';
import { runWithTaps } from './runGraph.js';

export const autoencoderGradientSchema = z.object({
  loss: z.string(),
  loss_value: z.number(),
  target: z.string(),
  output: z.string(),
  file: z.string(),
  analytically_zero_tensors: z.array(z.string()),
  tolerance: relativeToleranceSchema.extend({
    loss_rel: z.number(),
    zero_tensors_abs: z.number(),
  }),
});

export async function checkGradients(
  directory: string,
  expected: z.output<typeof autoencoderGradientSchema>,
  config: AutoencoderKLConfig,
  weights: Weights,
  io: Weights,
): Promise<Check[]> {
  const { image, noise } = lossInputs(expected.loss);
  const feeds = {
    sample: requireTensor(io, image),
    noise: requireTensor(io, noise),
    target: requireTensor(io, expected.target),
  };
  const forward = lossGraph(config, feeds.sample.shape, feeds.noise.shape);
  const names = forward.params.map((param) => param.name);
  const graph = { ...differentiate(forward, 'loss', names), taps: [] };
  const actual = await runWithTaps(graph, weights, feeds);
  const { tensors: gradients } = await readSafetensorsFile(join(directory, expected.file));
  const { tolerance } = expected;
  const [loss] = toFloat64(actual.loss);
  const zero = new Set(expected.analytically_zero_tensors);
  return [
    {
      name: 'loss',
      error: Math.abs(loss - expected.loss_value) / Math.abs(expected.loss_value),
      tolerance: tolerance.loss_rel,
    },
    ...relativeErrors(
      expected.output,
      actual.reconstruction,
      requireTensor(io, expected.output),
      tolerance,
    ),
    ...names.flatMap((name): Check[] => {
      const gradient = actual[`grad:${name}`];
      if (!zero.has(name)) {
        return relativeErrors(
          `gradient of ${name}`,
          gradient,
          requireTensor(gradients, name),
          tolerance,
        );
      }
      const none = zeros('float32', gradient.shape).data;
      const error = largestDifference(toFloat64(gradient), none);
      return [{ name: `gradient of ${name}`, error, tolerance: tolerance.zero_tensors_abs }];
    }),
  ];
}

/** The case names its inputs in the sentence that says what the loss is. */
function lossInputs(loss: string): { image: string; noise: string } {
  const noise = /std\*([\w.]+)/.exec(loss)?.[1];
  const image = /encode\(([\w.]+)\)/.exec(loss)?.[1];
  if (image === undefined || noise === undefined) {
    throw new Error(`expected a loss of "std*NOISE" and "encode(IMAGE)", got "${loss}"`);
  }
  return { image, noise };
}

function lossGraph(config: AutoencoderKLConfig, sampleShape: Shape, noiseShape: Shape): Graph {
  const b = new GraphBuilder();
  const gaussian = gaussianMoments(b, buildEncoder(b, config, b.input('sample', sampleShape)));
  const latent = gaussianSample(b, gaussian, b.input('noise', noiseShape));
  const reconstruction = buildDecoder(b, config, latent);
  const target = b.input('target', sampleShape);
  const loss = lossValue(b, { kind: 'l1' }, reconstruction, target);
  return b.build({ loss, reconstruction });
}
