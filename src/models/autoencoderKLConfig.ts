import { z } from 'zod';

const width = z.int().min(1).max(4096);
const perLevel = z.array(width).min(1).max(8);
const scale = z.number().positive();

/** `config.json` of an `AutoencoderKL`, with every key that published SD 1.x files have. */
export const autoencoderKLConfigSchema = z
  .strictObject({
    _class_name: z.literal('AutoencoderKL'),
    _diffusers_version: z.string().optional(),
    _name_or_path: z.string().optional(),
    _nanosd_version: z.string().optional(),
    in_channels: z.int().min(1).max(16).default(3),
    out_channels: z.int().min(1).max(16).default(3),
    down_block_types: z.array(z.literal('DownEncoderBlock2D')).optional(),
    up_block_types: z.array(z.literal('UpDecoderBlock2D')).optional(),
    block_out_channels: perLevel,
    layers_per_block: z.int().min(1).max(16).default(1),
    act_fn: z.literal('silu').default('silu'),
    latent_channels: z.int().min(1).max(64).default(4),
    norm_num_groups: z.int().min(1).default(32),
    sample_size: z.int().min(1).default(32),
    /** What latents are multiplied with before the U-Net sees them; old files leave it out. */
    scaling_factor: scale.default(0.18215),
    /** Whether encoder and decoder attend over the whole picture in the middle, as SD 1.x's do. */
    mid_block_add_attention: z.boolean().default(true),
    // Absent, null or the one value that SD 1.x has; none of these changes the network.
    shift_factor: z.null().optional(),
    latents_mean: z.null().optional(),
    latents_std: z.null().optional(),
    force_upcast: z.boolean().optional(),
    use_quant_conv: z.literal(true).optional(),
    use_post_quant_conv: z.literal(true).optional(),
  })
  .superRefine((file, context) => {
    const levels = file.block_out_channels.length;
    for (const key of ['down_block_types', 'up_block_types'] as const) {
      const types = file[key];
      if (types === undefined || types.length === levels) continue;
      const message = `expected ${levels} entries, one for each of block_out_channels`;
      context.addIssue({ code: 'custom', path: [key], message });
    }
    file.block_out_channels.forEach((channels, level) => {
      if (channels % file.norm_num_groups === 0) return;
      const message = `expected a multiple of norm_num_groups, ${file.norm_num_groups}`;
      context.addIssue({ code: 'custom', path: ['block_out_channels', level], message });
    });
  });

export type AutoencoderKLFile = z.output<typeof autoencoderKLConfigSchema>;

/** An `AutoencoderKL`. Channel lists go from fine to coarse; each level but the first halves the resolution. */
export interface AutoencoderKLConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  readonly blockOutChannels: readonly number[];
  /** Resnets a level in the encoder; the decoder has one more. */
  readonly layersPerBlock: number;
  readonly normNumGroups: number;
  readonly midBlockAddAttention: boolean;
  /** Latents are multiplied with it before the U-Net sees them, and divided by it before decoding. */
  readonly scalingFactor: number;
}

/** The config under the names that the code uses. */
export function autoencoderKLConfig(file: AutoencoderKLFile): AutoencoderKLConfig {
  return {
    inChannels: file.in_channels,
    outChannels: file.out_channels,
    latentChannels: file.latent_channels,
    blockOutChannels: file.block_out_channels,
    layersPerBlock: file.layers_per_block,
    normNumGroups: file.norm_num_groups,
    midBlockAddAttention: file.mid_block_add_attention,
    scalingFactor: file.scaling_factor,
  };
}

/** Pixels a side for one cell of the latent. */
export function latentFactor({ blockOutChannels }: AutoencoderKLConfig): number {
  return 2 ** (blockOutChannels.length - 1);
}
