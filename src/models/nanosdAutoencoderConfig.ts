import { z } from 'zod';

const widths = z.array(z.int().min(1).max(4096)).min(1).max(8);
const counts = z.array(z.int().min(0).max(64)).min(1).max(8);

/** `config.json` of NanoSD's VAE. Lists go from fine to coarse, the decoder's too. */
export const nanosdAutoencoderConfigSchema = z
  .strictObject({
    _class_name: z.literal('NanoSDAutoencoder'),
    _nanosd_version: z.string().optional(),
    in_channels: z.int().min(1).max(16).default(3),
    out_channels: z.int().min(1).max(16).default(3),
    latent_channels: z.int().min(1).max(64).default(4),
    encoder_block_out_channels: widths.default([64, 64, 64, 64]),
    decoder_block_out_channels: widths.default([64, 64, 64, 64]),
    /** Residual blocks of each level. */
    encoder_layers_per_block: counts.default([1, 4, 8, 12]),
    decoder_layers_per_block: counts.default([1, 3, 5, 7]),
    act_fn: z.enum(['relu', 'silu', 'gelu']).default('relu'),
    /** What latents are multiplied with before the U-Net sees them: that of the VAE whose latents these are. */
    scaling_factor: z.number().positive().default(0.18215),
  })
  .superRefine((file, context) => {
    const levels = file.encoder_block_out_channels.length;
    const keys = [
      'decoder_block_out_channels',
      'encoder_layers_per_block',
      'decoder_layers_per_block',
    ] as const;
    for (const key of keys) {
      if (file[key].length === levels) continue;
      const message = `expected ${levels} entries, one for each of encoder_block_out_channels`;
      context.addIssue({ code: 'custom', path: [key], message });
    }
  });

export type NanosdAutoencoderFile = z.output<typeof nanosdAutoencoderConfigSchema>;

/** NanoSD's VAE. Lists go from fine to coarse; each level but the first halves the resolution. */
export interface NanosdAutoencoderConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  readonly encoder: TinyStack;
  readonly decoder: TinyStack;
  readonly actFn: 'relu' | 'silu' | 'gelu';
  /** Latents are multiplied with it before the U-Net sees them, and divided by it before decoding. */
  readonly scalingFactor: number;
}

/** Width and number of residual blocks of each level. */
export interface TinyStack {
  readonly channels: readonly number[];
  readonly layers: readonly number[];
}

/** The config under the names that the code uses. */
export function nanosdAutoencoderConfig(file: NanosdAutoencoderFile): NanosdAutoencoderConfig {
  return {
    inChannels: file.in_channels,
    outChannels: file.out_channels,
    latentChannels: file.latent_channels,
    encoder: {
      channels: file.encoder_block_out_channels,
      layers: file.encoder_layers_per_block,
    },
    decoder: {
      channels: file.decoder_block_out_channels,
      layers: file.decoder_layers_per_block,
    },
    actFn: file.act_fn,
    scalingFactor: file.scaling_factor,
  };
}
