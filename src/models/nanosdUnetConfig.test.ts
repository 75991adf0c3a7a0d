import { describe, expect, it } from 'vitest';
import {
  nanosdUnetConfig,
  nanosdUnetConfigSchema,
  nanosdUnetFile,
  stageLayers,
} from './nanosdUnetConfig.js';
import { componentClasses, networkParams, parseNetwork, stagedUnetOf } from './network.js';
import { parseConfig } from './parseConfig.js';
import { presets } from './presets.js';
import type { StagedUnetConfig } from './stagedUnet.js';

const config: StagedUnetConfig = {
  inChannels: 4,
  outChannels: 4,
  flipSinToCos: true,
  freqShift: 0,
  normNumGroups: 4,
  normEps: 1e-5,
  crossAttentionDim: 12,
  midBlock: false,
  levels: [
    {
      ...{ channels: 8, heads: 2, skipSlots: 3 },
      ...{ down: stageLayers('RRA'), up: stageLayers('RAR'), upSkips: [0, 2] },
    },
    {
      ...{ channels: 16, heads: 4, skipSlots: 3 },
      ...{ down: stageLayers('R'), up: stageLayers('RA'), upSkips: [0] },
    },
  ],
};

const parse = (file: unknown) =>
  nanosdUnetConfig(parseConfig(nanosdUnetConfigSchema, file, 'config.json'));

describe('the config file of a NanoSDUNet2DConditionModel', () => {
  it('is what the config is made of, and the other way round', () => {
    const file = nanosdUnetFile(config, 64);
    expect(file).toMatchObject({
      sample_size: 64,
      down_stages: ['RRA', 'R'],
      up_stages: ['RA', 'RAR'],
      up_skips: [[0], [0, 2]],
      skip_slots: 3,
    });
    expect(parse(JSON.parse(JSON.stringify(file)))).toEqual(config);
  });

  it('has a list of skip slots where levels differ', () => {
    const [fine, coarse] = config.levels;
    const uneven = { ...config, levels: [fine, { ...coarse, skipSlots: 2 }] };
    const file = nanosdUnetFile(uneven);
    expect(file.skip_slots).toEqual([3, 2]);
    expect(parse(file)).toEqual(uneven);
  });

  it.each([
    [{ up_skips: [[0], [0, 3]] }, 'up_skips.1: expected 2 slots below 3, one for each R of "RAR"'],
    [{ up_skips: [[0], [0]] }, 'up_skips.1: expected 2 slots below 3'],
    [{ down_stages: ['RRA'] }, 'down_stages: expected 2 entries, one for each of'],
    [{ down_stages: ['RAA', 'R'] }, 'down_stages.0: expected a stage of R (resnet)'],
    [{ block_out_channels: [8, 18] }, 'block_out_channels.1: expected a multiple of 4'],
    [{ attention_head_dim: [3, 4] }, 'block_out_channels.0: expected a multiple of 4 and 3'],
  ])('refuses %j', (changes, message) => {
    expect(() => parse({ ...nanosdUnetFile(config), ...changes })).toThrow(message);
  });

  it('asks heads of no level that does not attend', () => {
    const file = { ...nanosdUnetFile(config), up_stages: ['R', 'RAR'], attention_head_dim: [2, 7] };
    expect(parse(file).levels[1].heads).toBe(7);
  });

  it('is that of a network in a checkpoint, with the weights of its stages', () => {
    const network = parseNetwork(nanosdUnetFile(config), componentClasses.unet, 'unet');
    expect(network.className).toBe('NanoSDUNet2DConditionModel');
    expect(stagedUnetOf(network)).toEqual(config);
    const names = new Set(networkParams(network).map(({ name }) => name));
    expect(names.has('down_blocks.0.attentions.1.proj_in.weight')).toBe(true);
    expect(names.has('up_blocks.1.attentions.0.proj_in.weight')).toBe(true);
    expect([...names].some((name) => name.startsWith('mid_block'))).toBe(false);
  });

  it('of a network that nothing was cut from asks for the same weights', () => {
    const teacher = parseNetwork(presets['sd-mini'].unet, componentClasses.unet, 'unet');
    const file = nanosdUnetFile(stagedUnetOf(teacher));
    const same = parseNetwork(file, componentClasses.unet, 'unet');
    expect(networkParams(same)).toEqual(networkParams(teacher));
  });
});
