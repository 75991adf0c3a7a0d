import { describe, expect, it } from 'vitest';
import { createInterpreter, graphCost } from '../graph/index.js';
import { Random, tensor, toFloat64, type Weights } from '../tensor/index.js';
import type { TensorSource } from '../weights/index.js';
import { initialWeights } from './initialWeights.js';
import { inspectNetwork } from './inspectPipeline.js';
import { decoderOf, encoderOf, networkParams, parseNetwork, pixelsPerLatent } from './network.js';

const parse = (changes: object) =>
  parseNetwork({ _class_name: 'NanoSDAutoencoder', ...changes }, ['NanoSDAutoencoder'], 'vae');

const small = {
  encoder_block_out_channels: [4, 6],
  decoder_block_out_channels: [3, 5],
  encoder_layers_per_block: [1, 2],
  decoder_layers_per_block: [1, 1],
  latent_channels: 2,
};

describe("NanoSD's VAE", () => {
  it('has about the published size for SD 1.5, and a tenth of its work', () => {
    const network = parse({});
    const { stages } = inspectNetwork(network, { width: 512, height: 512 });
    const block = 2 * (64 * 64 * 9 + 64);
    const resampling = 3 * (64 * 64 * 9 + 64);
    expect(stages.map(({ name, parameters }) => [name, parameters])).toEqual([
      ['encoder', 25 * block + resampling + (3 * 64 * 9 + 64) + (64 * 8 * 9 + 8)],
      ['decoder', 16 * block + resampling + (4 * 64 * 9 + 64) + (64 * 3 * 9 + 3)],
    ]);
    const [encoder, decoder] = stages;
    expect(encoder.parameters / 2.0e6).toBeCloseTo(1, 1);
    expect(decoder.parameters / 1.3e6).toBeCloseTo(1, 1);
    // AutoencoderKL's are 558 and 1257.
    expect(encoder.gmac).toBeLessThan(56);
    expect(decoder.gmac).toBeLessThan(56);
    expect(pixelsPerLatent(network)).toBe(8);
  });

  it('takes and gives what an AutoencoderKL does, with widths of each level', () => {
    const network = parse(small);
    const encoder = encoderOf(network, { batch: 2, height: 6, width: 4 });
    expect(encoder.outputs.latent_parameters.shape).toEqual([2, 4, 3, 2]);
    const decoder = decoderOf(network, { batch: 2, height: 3, width: 2 });
    expect(decoder.outputs.sample.shape).toEqual([2, 3, 6, 4]);
    const names = networkParams(network).map(({ name }) => name);
    expect(names).toContain('encoder.down_blocks.1.resnets.1.conv2.weight');
    expect(names).toContain('encoder.down_blocks.0.downsamplers.0.conv.bias');
    expect(names).toContain('decoder.up_blocks.0.upsamplers.0.conv.weight');
    expect(graphCost(encoder).parameters + graphCost(decoder).parameters).toBe(
      networkParams(network).reduce((sum, { shape }) => sum + shape.reduce((a, n) => a * n, 1), 0),
    );
  });

  it('gives means on the scale of the latents that it stands in for', async () => {
    const [unit, scaled] = [parse({ ...small, scaling_factor: 1 }), parse({ ...small, scaling_factor: 0.25 })];
    const weights = await all(initialWeights(unit, 3, 'float32'));
    const sample = tensor('float32', [1, 3, 4, 4], Random.seeded(1).normals(48));
    const run = async (network: typeof unit): Promise<Float64Array> => {
      const graph = encoderOf(network, { batch: 1, height: 4, width: 4 });
      await using session = await createInterpreter().load(graph, weights);
      return toFloat64((await session.run({ sample })).latent_parameters);
    };
    const [ones, fours] = [await run(unit), await run(scaled)];
    const means = 2 * 2 * 2;
    ones.forEach((value, i) => expect(fours[i]).toBeCloseTo(i < means ? 4 * value : value, 5));
    const latents = tensor('float32', [1, 2, 2, 2], Float32Array.from(fours.slice(0, means)));
    const decode = async (network: typeof unit, latent_sample: typeof latents) => {
      const graph = decoderOf(network, { batch: 1, height: 2, width: 2 });
      await using session = await createInterpreter().load(graph, weights);
      return toFloat64((await session.run({ latent_sample })).sample);
    };
    const quarter = tensor('float32', latents.shape, latents.data.map((value) => value / 4));
    const [expected, got] = [await decode(unit, quarter), await decode(scaled, latents)];
    got.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
  });

  it('names the lists that do not fit', () => {
    expect(() => parse({ ...small, decoder_layers_per_block: [1] })).toThrow(
      'vae: decoder_layers_per_block: expected 2 entries, one for each of encoder_block_out_channels',
    );
  });
});

async function all(source: TensorSource): Promise<Weights> {
  const read = [...source.entries.keys()].map(async (name) => [name, await source.read(name)] as const);
  return new Map(await Promise.all(read));
}
