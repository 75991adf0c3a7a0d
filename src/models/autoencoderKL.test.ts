import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createInterpreter, graphCost, type Graph } from '../graph/index.js';
import { elementCount, Random, tensor, type Tensor } from '../tensor/index.js';
import { autoencoderKLDecoder, autoencoderKLEncoder } from './autoencoderKL.js';
import {
  autoencoderKLConfig,
  autoencoderKLConfigSchema,
  type AutoencoderKLConfig,
} from './autoencoderKLConfig.js';

const manifestFolder = fileURLToPath(
  new URL('../../../shared/goldens/sd15_manifest/', import.meta.url),
);

const manifestSchema = z.object({
  tensors: z.array(z.object({ name: z.string(), shape: z.array(z.number()) })),
});

const tiny: AutoencoderKLConfig = {
  inChannels: 3,
  outChannels: 3,
  latentChannels: 2,
  blockOutChannels: [4, 8],
  layersPerBlock: 1,
  normNumGroups: 2,
  midBlockAddAttention: true,
  scalingFactor: 0.5,
};

const size = (batch: number, height: number, width: number) => ({ batch, height, width });

function randomWeights({ params }: Graph): Map<string, Tensor> {
  const random = Random.seeded(1);
  return new Map(
    params.map(({ name, shape }) => [
      name,
      tensor('float32', shape, random.normals(elementCount(shape))),
    ]),
  );
}

describe.skipIf(!existsSync(manifestFolder))('AutoencoderKL at full size', () => {
  const read = (path: string): unknown => JSON.parse(readFileSync(manifestFolder + path, 'utf8'));

  it(`has the weights of SD 1.5 (skipped without ${manifestFolder})`, () => {
    const file = autoencoderKLConfigSchema.parse(read('configs/vae/config.json'));
    const config = autoencoderKLConfig(file);
    const graphs = [
      autoencoderKLEncoder(config, size(1, 512, 512)),
      autoencoderKLDecoder(config, size(1, 64, 64)),
    ];
    const { tensors } = manifestSchema.parse(read('vae_tensors.json'));
    const spelled = (list: readonly { name: string; shape: readonly number[] }[]): string[] =>
      list.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).sort();
    expect(spelled(graphs.flatMap(({ params }) => params))).toEqual(spelled(tensors));
    const costs = graphs.map(graphCost);
    expect(costs[0].parameters + costs[1].parameters).toBe(83_653_863);
    expect(costs[0].tensors + costs[1].tensors).toBe(248);
    expect(graphs[1].outputs.sample.shape).toEqual([1, 3, 512, 512]);
  });
});

describe('AutoencoderKL', () => {
  it('halves sides downwards, padding only at the right and the bottom', async () => {
    const graph = autoencoderKLEncoder(tiny, size(1, 7, 10));
    expect(graph.outputs.latent_parameters.shape).toEqual([1, 4, 3, 5]);
    const outputs = Object.fromEntries(graph.taps.map(({ name, value }) => [name, value]));
    const weights = randomWeights(graph);
    await using session = await createInterpreter().load({ ...graph, outputs }, weights);
    const data = Random.seeded(2).normals(210);
    const taps = await session.run({ sample: tensor('float32', [1, 3, 7, 10], data) });
    const before = taps['encoder.down_blocks.0.resnets.0'];
    const after = taps['encoder.down_blocks.0.downsamplers.0'];
    const kernel = weights.get('encoder.down_blocks.0.downsamplers.0.conv.weight');
    const bias = weights.get('encoder.down_blocks.0.downsamplers.0.conv.bias');
    const at = (c: number, y: number, x: number): number =>
      y < 7 && x < 10 ? Number(before.data[(c * 7 + y) * 10 + x]) : 0;
    // Cell (2, 4) of channel 1 starts at pixel (4, 8), and its third column is beyond the picture.
    let expected = Number(bias?.data[1]);
    for (let i = 0; i < 36; i++) {
      const [c, ky, kx] = [Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3];
      expected += Number(kernel?.data[36 + i]) * at(c, 4 + ky, 8 + kx);
    }
    expect(after.shape).toEqual([1, 4, 3, 5]);
    expect(after.data[(3 + 2) * 5 + 4]).toBeCloseTo(expected, 3);
  });

  it('records every resnet, attention and level, with its resolution', () => {
    const encoder = autoencoderKLEncoder(tiny, size(1, 8, 8));
    const decoder = autoencoderKLDecoder(tiny, size(1, 4, 4));
    const list = ({ taps }: Graph): string[] =>
      taps.map(({ name, channels, reduction }) => `${name} ${channels} 1/${reduction}`);
    expect(list(encoder)).toEqual([
      'encoder.conv_in 4 1/1',
      'encoder.down_blocks.0.resnets.0 4 1/1',
      'encoder.down_blocks.0.downsamplers.0 4 1/2',
      'encoder.down_blocks.0 4 1/2',
      'encoder.down_blocks.1.resnets.0 8 1/2',
      'encoder.down_blocks.1 8 1/2',
      'encoder.mid_block.resnets.0 8 1/2',
      'encoder.mid_block.attentions.0 8 1/2',
      'encoder.mid_block.resnets.1 8 1/2',
      'encoder.mid_block 8 1/2',
      'encoder.conv_norm_out 8 1/2',
      'encoder.conv_out 4 1/2',
      'quant_conv 4 1/2',
    ]);
    expect(list(decoder)).toContain('decoder.up_blocks.0.upsamplers.0 8 1/1');
    expect(list(decoder)).toContain('decoder.up_blocks.1.resnets.1 4 1/1');
    for (const { taps } of [encoder, decoder]) {
      for (const { value, reduction } of taps) expect(value.shape[2]).toBe(8 / reduction);
    }
  });

  it('does without attention in the middle where the config says so', () => {
    const without = { ...tiny, midBlockAddAttention: false };
    const names = [
      ...autoencoderKLEncoder(without, size(1, 8, 8)).params,
      ...autoencoderKLDecoder(without, size(1, 4, 4)).params,
    ].map(({ name }) => name);
    expect(names.filter((name) => name.includes('attentions'))).toEqual([]);
    expect(names).toContain('encoder.mid_block.resnets.1.conv2.weight');
  });

  it('never holds the scores of all cells with all cells', () => {
    const side = 64;
    const { peakBytes } = graphCost(autoencoderKLDecoder(tiny, size(1, side, side)));
    expect(peakBytes).toBeLessThan((side ** 4 * 4) / 1.5);
  });
});
