import { describe, expect, it } from 'vitest';
import {
  autoencoderKLConfig,
  autoencoderKLConfigSchema,
  latentFactor,
} from './autoencoderKLConfig.js';
import { autoencoderTinyConfig, autoencoderTinyConfigSchema } from './autoencoderTinyConfig.js';
import { ConfigError, parseConfig } from './parseConfig.js';

const stableDiffusion = {
  _class_name: 'AutoencoderKL',
  _diffusers_version: '0.6.0',
  act_fn: 'silu',
  block_out_channels: [128, 256, 512, 512],
  down_block_types: Array.from({ length: 4 }, () => 'DownEncoderBlock2D'),
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 2,
  norm_num_groups: 32,
  out_channels: 3,
  sample_size: 512,
  up_block_types: Array.from({ length: 4 }, () => 'UpDecoderBlock2D'),
};

const taesd = {
  _class_name: 'AutoencoderTiny',
  _diffusers_version: '0.20.0.dev0',
  act_fn: 'relu',
  block_out_channels: [64, 64, 64, 64],
  decoder_block_out_channels: [64, 64, 64, 64],
  encoder_block_out_channels: [64, 64, 64, 64],
  force_upcast: false,
  in_channels: 3,
  latent_channels: 4,
  latent_magnitude: 3,
  latent_shift: 0.5,
  num_decoder_blocks: [3, 3, 3, 1],
  num_encoder_blocks: [1, 3, 3, 3],
  out_channels: 3,
  scaling_factor: 1.0,
  upsampling_scaling_factor: 2,
};

function problems(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n').sort();
  }
  return [];
}

describe('the config of AutoencoderKL', () => {
  const read = (changes: object = {}) =>
    autoencoderKLConfig(
      parseConfig(autoencoderKLConfigSchema, { ...stableDiffusion, ...changes }, 'vae/config.json'),
    );

  it('is read under the names that the code uses; old files lack the scaling factor', () => {
    const config = read();
    expect(config).toEqual({
      inChannels: 3,
      outChannels: 3,
      latentChannels: 4,
      blockOutChannels: [128, 256, 512, 512],
      layersPerBlock: 2,
      normNumGroups: 32,
      midBlockAddAttention: true,
      scalingFactor: 0.18215,
    });
    expect(latentFactor(config)).toBe(8);
  });

  it('takes what later versions write for the same network', () => {
    const later = {
      _name_or_path: '../sd-vae-ft-mse',
      force_upcast: true,
      latents_mean: null,
      latents_std: null,
      mid_block_add_attention: true,
      scaling_factor: 0.18215,
      shift_factor: null,
      use_post_quant_conv: true,
      use_quant_conv: true,
    };
    expect(read(later)).toEqual(read());
  });

  it('names what it does not know and what it cannot build', () => {
    const found = problems(() =>
      read({
        act_fn: 'mish',
        attention_resolutions: [16],
        block_out_channels: [128, 250, 512],
        down_block_types: ['AttnDownEncoderBlock2D'],
        shift_factor: 0.0609,
        use_quant_conv: false,
      }),
    );
    expect(found).toEqual([
      'vae/config.json: act_fn: expected silu, got "mish"',
      'vae/config.json: attention_resolutions: no such key',
      'vae/config.json: down_block_types.0: expected DownEncoderBlock2D, got "AttnDownEncoderBlock2D"',
      'vae/config.json: shift_factor: expected null, got 0.0609',
      'vae/config.json: use_quant_conv: expected true, got false',
    ]);
  });

  it('wants an entry a level, and widths that can be grouped', () => {
    expect(problems(() => read({ block_out_channels: [128, 250, 512] }))).toEqual([
      'vae/config.json: block_out_channels.1: expected a multiple of norm_num_groups, 32, got 250',
      expect.stringContaining('down_block_types: expected 3 entries, one for each of block_out'),
      expect.stringContaining('up_block_types: expected 3 entries, one for each of block_out'),
    ]);
  });
});

describe('the config of AutoencoderTiny', () => {
  const read = (changes: object = {}) =>
    autoencoderTinyConfig(
      parseConfig(autoencoderTinyConfigSchema, { ...taesd, ...changes }, 'config.json'),
    );

  it('is read under the names that the code uses', () => {
    expect(read()).toEqual({
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
    });
  });

  it('names what does not fit together', () => {
    const found = problems(() =>
      read({ encoder_block_out_channels: [32, 64], num_decoder_blocks: [1] }),
    );
    expect(found).toEqual([
      'config.json: encoder_block_out_channels: expected the same width in every level, got [32,64]',
      expect.stringContaining('num_decoder_blocks: expected 4 entries'),
      expect.stringContaining('num_encoder_blocks: expected 2 entries'),
    ]);
  });
});
