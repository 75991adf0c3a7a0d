import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { costByStage, graphCost, verifyGraph, type Graph } from '../graph/index.js';
import { parseConfig } from './parseConfig.js';
import { unet2DCondition, unetStageOf } from './unet2DCondition.js';
import {
  unet2DConditionConfig,
  unet2DConditionConfigSchema,
  type Unet2DConditionConfig,
} from './unet2DConditionConfig.js';

const stableDiffusion: Unet2DConditionConfig = {
  inChannels: 4,
  outChannels: 4,
  flipSinToCos: true,
  freqShift: 0,
  blockOutChannels: [320, 640, 1280, 1280],
  layersPerBlock: [2, 2, 2, 2],
  heads: [8, 8, 8, 8],
  downAttention: [true, true, true, false],
  upAttention: [true, true, true, false],
  midBlock: true,
  normNumGroups: 32,
  normEps: 1e-5,
  crossAttentionDim: 768,
};
const bkSdmTiny: Unet2DConditionConfig = {
  ...stableDiffusion,
  blockOutChannels: [320, 640, 1280],
  layersPerBlock: [1, 1, 1],
  heads: [8, 8, 8],
  downAttention: [true, true, true],
  upAttention: [true, true, true],
  midBlock: false,
};
const picture = { batch: 1, height: 64, width: 64, contextTokens: 77 };

function tapShape(graph: Graph, name: string): readonly number[] | undefined {
  return graph.taps.find((tap) => tap.name === name)?.value.shape;
}

describe('unet2DCondition', () => {
  const graph = unet2DCondition(stableDiffusion, picture);

  it('is SD 1.5: parameters, tensors and work by stage', () => {
    verifyGraph(graph);
    const { parameters, tensors, macs } = graphCost(graph);
    expect([parameters, tensors]).toEqual([859_520_964, 686]);
    expect(macs / 1e9).toBeCloseTo(401.6, 1);
    const stages = costByStage(graph, unetStageOf);
    expect([...stages].map(([name, cost]) => [name, cost.parameters, cost.tensors])).toEqual([
      ['conv_in+time', 2_062_400, 6],
      ['down0', 10_524_480, 74],
      ['down1', 36_818_560, 76],
      ['down2', 139_992_320, 76],
      ['down3', 62_277_120, 20],
      ['mid', 97_038_080, 46],
      ['up0', 162_241_280, 38],
      ['up1', 258_330_880, 116],
      ['up2', 71_413_120, 116],
      ['up3', 18_810_560, 114],
      ['out', 12_164, 4],
    ]);
    const gmac = [0.05, 54.8, 34.2, 31.9, 3.8, 6.1, 12.9, 75.8, 83.4, 98.8, 0.05];
    [...stages.values()].forEach((cost, i) => {
      expect(Math.abs(cost.macs / 1e9 - gmac[i])).toBeLessThan(Math.max(gmac[i] * 0.01, 0.005));
    });
  });

  it('has the names that a runtime and a pipeline look for', () => {
    expect(graph.inputs.map(({ name, shape, dtype }) => [name, shape, dtype])).toEqual([
      ['sample', [1, 4, 64, 64], 'float32'],
      ['timestep', [1], 'float32'],
      ['encoder_hidden_states', [1, 77, 768], 'float32'],
    ]);
    expect(graph.outputs.out_sample.shape).toEqual([1, 4, 64, 64]);
  });

  it('is BK-SDM-Tiny without the coarsest level, the mid block and every second layer', () => {
    const small = unet2DCondition(bkSdmTiny, picture);
    const { parameters, macs } = graphCost(small);
    expect(parameters).toBe(323_384_964);
    expect(macs / 1e9).toBeCloseTo(242.8, 1);
    expect(tapShape(small, 'mid_block')).toBeUndefined();
  });

  it('taps every resnet, attention, skip and stage', () => {
    expect(graph.taps.filter(({ name }) => /resnets\.\d$/.test(name))).toHaveLength(22);
    expect(graph.taps.filter(({ name }) => /attentions\.\d$/.test(name))).toHaveLength(16);
    expect(graph.taps.filter(({ name }) => /attn[12]$/.test(name))).toHaveLength(32);
    expect(graph.taps.filter(({ name }) => /\.res\.\d$/.test(name))).toHaveLength(11);
    const stages = graph.taps.filter(({ name }) => /^(mid_block|up_blocks\.\d)$/.test(name));
    expect(stages.map(({ name, channels, reduction }) => [name, channels, reduction])).toEqual([
      ['mid_block', 1280, 8],
      ['up_blocks.0', 1280, 4],
      ['up_blocks.1', 1280, 2],
      ['up_blocks.2', 640, 1],
      ['up_blocks.3', 320, 1],
    ]);
    const sequence = graph.taps.find(({ name }) => name.endsWith('transformer_blocks.0'));
    expect(sequence).toMatchObject({ channels: 320, reduction: 1 });
  });

  it('enlarges to the size of the next skip where sides are not multiples of eight', () => {
    const odd = unet2DCondition(stableDiffusion, { ...picture, height: 10, width: 13 });
    expect(tapShape(odd, 'mid_block')).toEqual([1, 1280, 2, 2]);
    expect(tapShape(odd, 'up_blocks.0')).toEqual([1, 1280, 3, 4]);
    expect(tapShape(odd, 'up_blocks.1')).toEqual([1, 1280, 5, 7]);
    expect(odd.outputs.out_sample.shape).toEqual([1, 4, 10, 13]);
  });
});

const manifest = fileURLToPath(
  new URL('../../../shared/goldens/sd15_manifest/', import.meta.url),
);
const entrySchema = z.object({ name: z.string(), shape: z.array(z.number()) });

it.skipIf(!existsSync(manifest))(
  `asks for the names and shapes of SD 1.5 (skipped without ${manifest})`,
  async () => {
    const read = async (file: string): Promise<unknown> =>
      JSON.parse(await readFile(manifest + file, 'utf8'));
    const { tensors } = z
      .object({ tensors: z.array(entrySchema) })
      .parse(await read('unet_tensors.json'));
    const file = await read('configs/unet/config.json');
    const config = unet2DConditionConfig(parseConfig(unet2DConditionConfigSchema, file, 'config'));
    const { params } = unet2DCondition(config, picture);
    const spelled = (list: readonly { name: string; shape: readonly number[] }[]): string[] =>
      list.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).sort();
    expect(spelled(params)).toEqual(spelled(tensors));
  },
);
