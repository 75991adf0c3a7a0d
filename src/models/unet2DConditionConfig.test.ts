import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from './parseConfig.js';
import {
  unet2DConditionConfig,
  unet2DConditionConfigSchema,
  type Unet2DConditionConfig,
} from './unet2DConditionConfig.js';

const stableDiffusion = {
  _class_name: 'UNet2DConditionModel',
  _diffusers_version: '0.6.0',
  act_fn: 'silu',
  attention_head_dim: 8,
  block_out_channels: [320, 640, 1280, 1280],
  center_input_sample: false,
  cross_attention_dim: 768,
  down_block_types: [
    'CrossAttnDownBlock2D',
    'CrossAttnDownBlock2D',
    'CrossAttnDownBlock2D',
    'DownBlock2D',
  ],
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  in_channels: 4,
  layers_per_block: 2,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 32,
  out_channels: 4,
  sample_size: 64,
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
};

/** What later versions of diffusers write besides, for the same network. */
const newerKeys = {
  addition_embed_type: null,
  addition_embed_type_num_heads: 64,
  addition_time_embed_dim: null,
  attention_type: 'default',
  class_embed_type: null,
  class_embeddings_concat: false,
  conv_in_kernel: 3,
  conv_out_kernel: 3,
  cross_attention_norm: null,
  dropout: 0.0,
  dual_cross_attention: false,
  encoder_hid_dim: null,
  encoder_hid_dim_type: null,
  mid_block_only_cross_attention: null,
  num_attention_heads: null,
  num_class_embeds: null,
  only_cross_attention: false,
  projection_class_embeddings_input_dim: null,
  resnet_out_scale_factor: 1.0,
  resnet_skip_time_act: false,
  resnet_time_scale_shift: 'default',
  reverse_transformer_layers_per_block: null,
  time_cond_proj_dim: null,
  time_embedding_act_fn: null,
  time_embedding_dim: null,
  time_embedding_type: 'positional',
  timestep_post_act: null,
  transformer_layers_per_block: 1,
  upcast_attention: false,
  use_linear_projection: false,
};

function parse(changes: object): Unet2DConditionConfig {
  const file = { ...stableDiffusion, ...changes };
  return unet2DConditionConfig(parseConfig(unet2DConditionConfigSchema, file, 'config.json'));
}

function problems(changes: object): string[] {
  try {
    parse(changes);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace('config.json: ', ''));
  }
}

describe('unet2DConditionConfigSchema', () => {
  it('reads SD 1.5, without a mid_block_type, and the same network from a newer version', () => {
    const config = parse({});
    expect(config).toMatchObject({
      layersPerBlock: [2, 2, 2, 2],
      heads: [8, 8, 8, 8],
      downAttention: [true, true, true, false],
      upAttention: [true, true, true, false],
      midBlock: true,
    });
    expect(parse({ ...newerKeys, mid_block_type: 'UNetMidBlock2DCrossAttn' })).toEqual(config);
  });

  it('reads students with fewer blocks', () => {
    const config = parse({
      block_out_channels: [320, 640, 1280],
      down_block_types: stableDiffusion.down_block_types.slice(0, 3),
      up_block_types: stableDiffusion.up_block_types.slice(1),
      layers_per_block: 1,
      mid_block_type: null,
    });
    expect(config).toMatchObject({ layersPerBlock: [1, 1, 1], midBlock: false });
  });

  it('reads a list of heads or layers', () => {
    const config = parse({ attention_head_dim: [5, 10, 20, 20], layers_per_block: [2, 2, 1, 1] });
    expect(config).toMatchObject({ heads: [5, 10, 20, 20], layersPerBlock: [2, 2, 1, 1] });
  });

  it.each([
    [{ use_linear_projection: true }, 'use_linear_projection: expected null or false, got true'],
    [{ class_embed_type: 'timestep' }, 'class_embed_type: expected null, got "timestep"'],
    [{ addition_embed_type: 'text_time' }, 'addition_embed_type: expected null, got "text_time"'],
    [{ only_cross_attention: [false, true] }, 'only_cross_attention: expected false, got [false,true]'],
    [
      { down_block_types: ['SimpleCrossAttnDownBlock2D'] },
      'down_block_types.0: expected CrossAttnDownBlock2D or DownBlock2D, got "SimpleCrossAttnDownBlock2D"',
    ],
    [
      { mid_block_type: 'UNetMidBlock2DSimpleCrossAttn' },
      'mid_block_type: expected UNetMidBlock2DCrossAttn or null, got "UNetMidBlock2DSimpleCrossAttn"',
    ],
    [{ cross_attention_dim: [768] }, 'cross_attention_dim: expected a number, got [768]'],
    [{ layers_per_block: 'two' }, 'layers_per_block: expected a whole number, or a list of one a level, got "two"'],
    [{ number_of_heads: 8 }, 'number_of_heads: no such key'],
  ])('says what is not supported: %j', (changes, message) => {
    expect(problems(changes)).toEqual([message]);
  });

  it('lists everything that does not fit together', () => {
    const file = { block_out_channels: [320, 648, 1280], attention_head_dim: 5 };
    expect(problems(file)).toEqual([
      'down_block_types: expected 3 entries, one for each of block_out_channels, got ["CrossAttnDownBlock2D","CrossAttnDownBlock2D","CrossAttnDow…',
      'up_block_types: expected 3 entries, one for each of block_out_channels, got ["UpBlock2D","CrossAttnUpBlock2D","CrossAttnUpBlock2D","Cros…',
      'block_out_channels.1: expected a multiple of norm_num_groups, 32, got 648',
      'block_out_channels.1: expected a multiple of the 5 heads of attention_head_dim, got 648',
    ]);
  });
});
