import { expect, it } from 'vitest';
import { createInterpreter, GraphBuilder } from '../graph/index.js';
import { float32, zeros, type Tensor } from '../tensor/index.js';
import {
  autoencoderTinyDecoder,
  autoencoderTinyEncoder,
  scaleTinyLatents,
  unscaleTinyLatents,
} from './autoencoderTiny.js';
import type { AutoencoderTinyConfig } from './autoencoderTinyConfig.js';

const config: AutoencoderTinyConfig = {
  inChannels: 3,
  outChannels: 3,
  latentChannels: 4,
  encoderChannels: 64,
  decoderChannels: 64,
  numEncoderBlocks: [1, 3, 3, 3],
  numDecoderBlocks: [3, 3, 3, 1],
  actFn: 'relu',
  latentMagnitude: 3,
  latentShift: 0.5,
  scalingFactor: 1,
};

it('has the weights of TAESD', () => {
  const encoder = autoencoderTinyEncoder(config, { batch: 1, height: 64, width: 64 });
  const decoder = autoencoderTinyDecoder(config, { batch: 1, height: 8, width: 8 });
  const count = ({ params }: typeof encoder): number =>
    params.reduce((sum, { shape }) => sum + shape.reduce((a, n) => a * n, 1), 0);
  // taesd.py by hand: 3x3 convolutions of 64 channels have 36,928 parameters, 36,864 without bias.
  expect(count(encoder)).toBe(1792 + 10 * 3 * 36_928 + 3 * 36_864 + 2308);
  expect(count(decoder)).toBe(2368 + 10 * 3 * 36_928 + 3 * 36_864 + 1731);
  expect(encoder.params.map(({ name }) => name)).toContain('encoder.layers.14.weight');
  expect(encoder.outputs.latents.shape).toEqual([1, 4, 8, 8]);
  expect(decoder.params.map(({ name }) => name)).toContain('decoder.layers.18.bias');
  expect(decoder.outputs.sample.shape).toEqual([1, 3, 64, 64]);
});

it('takes and gives pictures in [-1, 1]: black from weights of nothing', async () => {
  const small = { ...config, decoderChannels: 2, numDecoderBlocks: [1, 1] };
  const graph = autoencoderTinyDecoder(small, { batch: 1, height: 2, width: 2 });
  const weights = new Map<string, Tensor>(
    graph.params.map(({ name, shape }) => [name, zeros('float32', shape)]),
  );
  await using session = await createInterpreter().load(graph, weights);
  const { sample } = await session.run({ latent_sample: zeros('float32', [1, 4, 2, 2]) });
  expect(new Set(sample.data as Float32Array)).toEqual(new Set([-1]));
});

it('stores latents as 0 to 1 and takes them back', async () => {
  const b = new GraphBuilder();
  const scaled = scaleTinyLatents(b, config, b.input('latents', [4]));
  const graph = b.build({ scaled, back: unscaleTinyLatents(b, config, scaled) });
  await using session = await createInterpreter().load(graph, new Map());
  const { scaled: stored, back } = await session.run({ latents: float32([4], [-3, 0, 1.5, 9]) });
  expect([...stored.data]).toEqual([0, 0.5, 0.75, 1]);
  expect([...back.data]).toEqual([-3, 0, 1.5, 3]);
});
