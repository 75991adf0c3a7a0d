import { z } from 'zod';
import {
  nanosdRestorerConfig,
  nanosdRestorerConfigSchema,
  type NanosdRestorerFile,
} from './nanosdRestorerConfig.js';
import type { OneStepRestorerConfig, RestorerConfig } from './restorer.js';

const count = z.int().min(0).max(64);
const width = z.int().min(1).max(4096);

/** `config.json` of a plain restorer, in the snake_case of diffusers. */
export const oneStepRestorerConfigSchema = z
  .strictObject({
    _class_name: z.literal('OneStepRestorer'),
    _nanosd_version: z.string().optional(),
    /** What the weights were trained for: `sr`, `deblur`, ... */
    task: z.string().default('sr'),
    scale: z.int().min(1).max(8),
    in_channels: z.int().min(1).max(4).default(3),
    base_channels: width,
    encoder_layers: count,
    decoder_layers: count,
    block_out_channels: z.array(width).max(6),
    layers_per_block: z.array(count).max(6),
    act_fn: z.enum(['relu', 'silu', 'gelu']).default('relu'),
  })
  .refine((config) => config.block_out_channels.length === config.layers_per_block.length, {
    path: ['layers_per_block'],
    error: 'expected one entry for each of block_out_channels',
  });

export type OneStepRestorerFile = z.output<typeof oneStepRestorerConfigSchema>;

/** `config.json` of a restorer of either class. */
export const restorerConfigSchema = z.discriminatedUnion('_class_name', [
  oneStepRestorerConfigSchema,
  nanosdRestorerConfigSchema,
]);

export type RestorerFile = OneStepRestorerFile | NanosdRestorerFile;

/** The config under the names that the code uses. */
export function restorerConfig(file: RestorerFile): RestorerConfig {
  return file._class_name === 'NanoSDRestorer' ? nanosdRestorerConfig(file) : oneStep(file);
}

function oneStep(file: OneStepRestorerFile): OneStepRestorerConfig {
  return {
    scale: file.scale,
    inChannels: file.in_channels,
    baseChannels: file.base_channels,
    encoderLayers: file.encoder_layers,
    decoderLayers: file.decoder_layers,
    blockOutChannels: file.block_out_channels,
    layersPerBlock: file.layers_per_block,
    actFn: file.act_fn,
  };
}

/** Whether a `_class_name` is that of a restorer. */
export function isRestorerClass(className: unknown): boolean {
  return className === 'OneStepRestorer' || className === 'NanoSDRestorer';
}
