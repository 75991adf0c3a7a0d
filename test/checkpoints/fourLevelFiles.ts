import type { PipelineFiles } from '../../src/models/index.js';
import { tinyFiles } from './tinyFiles.js';

/** A teacher that surgery takes: four levels, as SD 1.5's, and small. */
export const fourLevelFiles = {
  ...tinyFiles,
  unet: {
    ...tinyFiles.unet,
    block_out_channels: [8, 16, 24, 24],
    down_block_types: [
      'CrossAttnDownBlock2D',
      'CrossAttnDownBlock2D',
      'CrossAttnDownBlock2D',
      'DownBlock2D',
    ],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
    sample_size: 8,
  },
  vae: { ...tinyFiles.vae, block_out_channels: [8, 16] },
} satisfies PipelineFiles;
