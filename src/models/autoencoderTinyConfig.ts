import { z } from 'zod';

const width = z.int().min(1).max(4096);
const widths = z.array(width).min(1).max(8);
const counts = z.array(z.int().min(0).max(64)).min(1).max(8);

/** `config.json` of an `AutoencoderTiny` (TAESD), with every key that published files have. */
export const autoencoderTinyConfigSchema = z
  .strictObject({
    _class_name: z.literal('AutoencoderTiny').default('AutoencoderTiny'),
    _diffusers_version: z.string().optional(),
    _name_or_path: z.string().optional(),
    _nanosd_version: z.string().optional(),
    in_channels: z.int().min(1).max(16).default(3),
    out_channels: z.int().min(1).max(16).default(3),
    /** The encoder's, once more: what files carry besides. */
    block_out_channels: widths.optional(),
    encoder_block_out_channels: widths.default([64, 64, 64, 64]),
    decoder_block_out_channels: widths.default([64, 64, 64, 64]),
    act_fn: z.enum(['relu', 'silu', 'gelu']).default('relu'),
    latent_channels: z.int().min(1).max(64).default(4),
    upsampling_scaling_factor: z.literal(2).default(2),
    upsample_fn: z.literal('nearest').optional(),
    num_encoder_blocks: counts.default([1, 3, 3, 3]),
    num_decoder_blocks: counts.default([3, 3, 3, 1]),
    latent_magnitude: z.number().positive().default(3),
    latent_shift: z.number().default(0.5),
    force_upcast: z.boolean().optional(),
    scaling_factor: z.number().positive().default(1),
    shift_factor: z.literal(0).nullish(),
  })
  .superRefine((file, context) => {
    for (const part of ['encoder', 'decoder'] as const) {
      const channels = file[`${part}_block_out_channels`];
      const complain = (path: string, message: string): void =>
        context.addIssue({ code: 'custom', path: [path], message });
      if (new Set(channels).size > 1) {
        // diffusers builds such a network, but its levels do not fit together.
        complain(`${part}_block_out_channels`, 'expected the same width in every level');
      }
      if (file[`num_${part}_blocks`].length !== channels.length) {
        const wanted = `one for each of ${part}_block_out_channels`;
        complain(`num_${part}_blocks`, `expected ${channels.length} entries, ${wanted}`);
      }
    }
  });

export type AutoencoderTinyFile = z.output<typeof autoencoderTinyConfigSchema>;

/** A TAESD. Its levels have one width; each but the first halves (in the decoder, all but the last double) the resolution. */
export interface AutoencoderTinyConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  readonly encoderChannels: number;
  readonly decoderChannels: number;
  /** Blocks a level, in the order of the network. */
  readonly numEncoderBlocks: readonly number[];
  readonly numDecoderBlocks: readonly number[];
  readonly actFn: 'relu' | 'silu' | 'gelu';
  /** Latents of ± this, before `latentShift`, are what 0 to 1 of stored latents stands for. */
  readonly latentMagnitude: number;
  readonly latentShift: number;
  readonly scalingFactor: number;
}

/** The config under the names that the code uses. */
export function autoencoderTinyConfig(file: AutoencoderTinyFile): AutoencoderTinyConfig {
  return {
    inChannels: file.in_channels,
    outChannels: file.out_channels,
    latentChannels: file.latent_channels,
    encoderChannels: file.encoder_block_out_channels[0],
    decoderChannels: file.decoder_block_out_channels[0],
    numEncoderBlocks: file.num_encoder_blocks,
    numDecoderBlocks: file.num_decoder_blocks,
    actFn: file.act_fn,
    latentMagnitude: file.latent_magnitude,
    latentShift: file.latent_shift,
    scalingFactor: file.scaling_factor,
  };
}
