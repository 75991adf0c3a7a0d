import { z } from 'zod';

const width = z.int().min(1).max(8192);
const layers = z.int().min(1).max(16);
const heads = z.int().min(1).max(256);

/** One value for all levels, or a list with one a level. */
function perLevel<S extends z.ZodType>(entry: S): z.ZodUnion<[S, z.ZodArray<S>]> {
  return z.union([entry, z.array(entry)], {
    error: 'expected a whole number, or a list of one a level',
  });
}

const off = z.literal([null, false]).optional();

/** Keys of newer diffusers, each with the values that leave an SD 1.x network as it is. */
const unused = {
  addition_embed_type: z.null().optional(),
  addition_embed_type_num_heads: z.int().optional(),
  addition_time_embed_dim: z.null().optional(),
  attention_type: z.literal('default').optional(),
  center_input_sample: z.literal(false).optional(),
  class_embed_type: z.null().optional(),
  class_embeddings_concat: z.literal(false).optional(),
  conv_in_kernel: z.literal(3).optional(),
  conv_out_kernel: z.literal(3).optional(),
  cross_attention_norm: z.null().optional(),
  downsample_padding: z.literal(1).optional(),
  dropout: z.literal(0).optional(),
  dual_cross_attention: off,
  encoder_hid_dim: z.null().optional(),
  encoder_hid_dim_type: z.null().optional(),
  mid_block_only_cross_attention: off,
  mid_block_scale_factor: z.literal(1).optional(),
  num_attention_heads: z.null().optional(),
  num_class_embeds: z.null().optional(),
  only_cross_attention: z
    .union([z.literal(false), z.array(z.literal(false))], { error: 'expected false' })
    .optional(),
  projection_class_embeddings_input_dim: z.null().optional(),
  resnet_out_scale_factor: z.literal(1).optional(),
  resnet_skip_time_act: z.literal(false).optional(),
  resnet_time_scale_shift: z.literal('default').optional(),
  reverse_transformer_layers_per_block: z.null().optional(),
  time_cond_proj_dim: z.null().optional(),
  time_embedding_act_fn: z.null().optional(),
  time_embedding_dim: z.null().optional(),
  time_embedding_type: z.literal('positional').optional(),
  timestep_post_act: z.null().optional(),
  transformer_layers_per_block: z.literal(1).optional(),
  upcast_attention: off,
  use_linear_projection: off,
};

/** `config.json` of a `UNet2DConditionModel`, with every key that published SD 1.x files have. */
export const unet2DConditionConfigSchema = z
  .strictObject({
    _class_name: z.literal('UNet2DConditionModel'),
    _diffusers_version: z.string().optional(),
    _name_or_path: z.string().nullish(),
    _nanosd_version: z.string().optional(),
    ...unused,
    sample_size: z.int().min(1).nullish(),
    in_channels: z.int().min(1).max(64).default(4),
    out_channels: z.int().min(1).max(64).default(4),
    flip_sin_to_cos: z.boolean().default(true),
    freq_shift: z.number().min(0).max(1).default(0),
    down_block_types: z.array(z.enum(['CrossAttnDownBlock2D', 'DownBlock2D'])),
    /** Null: without one, as in the smaller BK-SDM networks. */
    mid_block_type: z.literal(['UNetMidBlock2DCrossAttn', null]).default('UNetMidBlock2DCrossAttn'),
    up_block_types: z.array(z.enum(['CrossAttnUpBlock2D', 'UpBlock2D'])),
    block_out_channels: z.array(width).min(1).max(8),
    layers_per_block: perLevel(layers).default(2),
    act_fn: z.literal(['silu', 'swish']).default('silu'),
    norm_num_groups: z.int().min(1).default(32),
    norm_eps: z.number().positive().default(1e-5),
    cross_attention_dim: width,
    /** The number of heads, in spite of its name. */
    attention_head_dim: perLevel(heads).default(8),
  })
  .superRefine((file, context) => {
    const problem = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    const levels = file.block_out_channels.length;
    for (const key of lists) {
      const value = file[key];
      if (!Array.isArray(value) || value.length === levels) continue;
      problem([key], `expected ${levels} entries, one for each of block_out_channels`);
    }
    const headsAt = spread(file.attention_head_dim, levels);
    file.block_out_channels.forEach((channels, level) => {
      const path = ['block_out_channels', level];
      if (channels % file.norm_num_groups !== 0) {
        problem(path, `expected a multiple of norm_num_groups, ${file.norm_num_groups}`);
      }
      if (attends(file, level) && channels % headsAt[level] !== 0) {
        problem(path, `expected a multiple of the ${headsAt[level]} heads of attention_head_dim`);
      }
    });
  });

const lists = [
  'down_block_types',
  'up_block_types',
  'layers_per_block',
  'attention_head_dim',
] as const;

export type Unet2DConditionFile = z.output<typeof unet2DConditionConfigSchema>;

/** A `UNet2DConditionModel`. Lists have one entry a level, from fine to coarse. */
export interface Unet2DConditionConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  readonly blockOutChannels: readonly number[];
  /** Resnets on the way down; there is one more on the way up. */
  readonly layersPerBlock: readonly number[];
  /** Heads of attention, of the size that is left for each. */
  readonly heads: readonly number[];
  /** Whether the resnets on the way down are followed by transformers. */
  readonly downAttention: readonly boolean[];
  /** Whether those on the way up are; this too from fine to coarse. */
  readonly upAttention: readonly boolean[];
  readonly midBlock: boolean;
  readonly normNumGroups: number;
  readonly normEps: number;
  /** Width of `encoderHiddenStates`. */
  readonly crossAttentionDim: number;
}

/** The config under the names that the code uses. */
export function unet2DConditionConfig(file: Unet2DConditionFile): Unet2DConditionConfig {
  const levels = file.block_out_channels.length;
  return {
    inChannels: file.in_channels,
    outChannels: file.out_channels,
    flipSinToCos: file.flip_sin_to_cos,
    freqShift: file.freq_shift,
    blockOutChannels: file.block_out_channels,
    layersPerBlock: spread(file.layers_per_block, levels),
    heads: spread(file.attention_head_dim, levels),
    downAttention: file.down_block_types.map((type) => type === 'CrossAttnDownBlock2D'),
    upAttention: file.up_block_types.map((type) => type === 'CrossAttnUpBlock2D').reverse(),
    midBlock: file.mid_block_type !== null,
    normNumGroups: file.norm_num_groups,
    normEps: file.norm_eps,
    crossAttentionDim: file.cross_attention_dim,
  };
}

function spread(value: number | readonly number[], levels: number): readonly number[] {
  return typeof value === 'number' ? new Array<number>(levels).fill(value) : value;
}

interface Attending {
  readonly block_out_channels: readonly number[];
  readonly down_block_types: readonly string[];
  readonly up_block_types: readonly string[];
  readonly mid_block_type: string | null;
}

function attends(file: Attending, level: number): boolean {
  const last = file.block_out_channels.length - 1;
  return (
    file.down_block_types[level] === 'CrossAttnDownBlock2D' ||
    file.up_block_types[last - level] === 'CrossAttnUpBlock2D' ||
    (level === last && file.mid_block_type !== null)
  );
}
