import { presets, type PipelineFiles } from '../../src/models/index.js';

const { unet, vae, text_encoder: text, scheduler } = presets.sd15;

/** SD 1.5's topology at its smallest: two levels, one of them with attention. */
export const tinyFiles = {
  unet: {
    ...unet,
    attention_head_dim: 2,
    block_out_channels: [8, 16],
    cross_attention_dim: 12,
    down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
    layers_per_block: 2,
    norm_num_groups: 4,
    sample_size: 8,
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
  },
  vae: {
    ...vae,
    block_out_channels: [4, 8],
    down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
    layers_per_block: 1,
    norm_num_groups: 2,
    sample_size: 16,
    up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
  },
  text_encoder: {
    ...text,
    hidden_size: 12,
    intermediate_size: 24,
    num_attention_heads: 2,
    num_hidden_layers: 2,
    projection_dim: 12,
    vocab_size: 514,
  },
  scheduler,
} satisfies PipelineFiles;
