import type { ConfigFile } from './network.js';

/** The config files of a checkpoint, by the folder that each lies in. */
export interface PipelineFiles {
  readonly unet: ConfigFile;
  readonly vae: ConfigFile;
  /** Null for a checkpoint that reads no text. */
  readonly text_encoder: ConfigFile | null;
  /** Learned prompts in place of text; none unless given. */
  readonly prompt_embeddings?: ConfigFile;
  readonly scheduler: ConfigFile;
}

/** The version of diffusers whose files ours are like. */
export const diffusersVersion = '0.30.3';

const sd15Unet = {
  _class_name: 'UNet2DConditionModel',
  _diffusers_version: diffusersVersion,
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
  mid_block_type: 'UNetMidBlock2DCrossAttn',
  norm_eps: 1e-5,
  norm_num_groups: 32,
  out_channels: 4,
  sample_size: 64,
  up_block_types: [
    'UpBlock2D',
    'CrossAttnUpBlock2D',
    'CrossAttnUpBlock2D',
    'CrossAttnUpBlock2D',
  ],
} as const;

const sd15Vae = {
  _class_name: 'AutoencoderKL',
  _diffusers_version: diffusersVersion,
  act_fn: 'silu',
  block_out_channels: [128, 256, 512, 512],
  down_block_types: new Array<string>(4).fill('DownEncoderBlock2D'),
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 2,
  norm_num_groups: 32,
  out_channels: 3,
  sample_size: 512,
  scaling_factor: 0.18215,
  up_block_types: new Array<string>(4).fill('UpDecoderBlock2D'),
} as const;

/** CLIP ViT-L/14's. */
const sd15TextEncoder = {
  architectures: ['CLIPTextModel'],
  attention_dropout: 0,
  bos_token_id: 0,
  dropout: 0,
  eos_token_id: 2,
  hidden_act: 'quick_gelu',
  hidden_size: 768,
  initializer_factor: 1,
  initializer_range: 0.02,
  intermediate_size: 3072,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 77,
  model_type: 'clip_text_model',
  num_attention_heads: 12,
  num_hidden_layers: 12,
  pad_token_id: 1,
  projection_dim: 768,
  vocab_size: 49408,
} as const;

const sd15Scheduler = {
  _class_name: 'PNDMScheduler',
  _diffusers_version: diffusersVersion,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
} as const;

const sd15: PipelineFiles = {
  unet: sd15Unet,
  vae: sd15Vae,
  text_encoder: sd15TextEncoder,
  scheduler: sd15Scheduler,
};

/** BK-SDM's students (arXiv 2305.15798): one layer a block, and further parts left out; the rest is SD 1.5's. */
const bkSdmBase: PipelineFiles = { ...sd15, unet: { ...sd15Unet, layers_per_block: 1 } };
const bkSdmSmall: PipelineFiles = {
  ...bkSdmBase,
  unet: { ...bkSdmBase.unet, mid_block_type: null },
};
const bkSdmTiny: PipelineFiles = {
  ...bkSdmSmall,
  unet: {
    ...bkSdmSmall.unet,
    block_out_channels: [320, 640, 1280],
    down_block_types: new Array<string>(3).fill('CrossAttnDownBlock2D'),
    up_block_types: new Array<string>(3).fill('CrossAttnUpBlock2D'),
  },
};

/**
 * SD 1.5's topology, small enough to learn from some hundred photographs on two cores: kinds of pictures have
 * learned prompts, in place of text.
 */
const sdMini: PipelineFiles = {
  unet: {
    ...sd15Unet,
    attention_head_dim: 4,
    block_out_channels: [48, 96, 144, 144],
    cross_attention_dim: 64,
    norm_num_groups: 16,
    sample_size: 16,
  },
  vae: {
    ...sd15Vae,
    block_out_channels: [32, 48, 96],
    down_block_types: new Array<string>(3).fill('DownEncoderBlock2D'),
    layers_per_block: 1,
    mid_block_add_attention: false,
    norm_num_groups: 8,
    sample_size: 128,
    up_block_types: new Array<string>(3).fill('UpDecoderBlock2D'),
  },
  text_encoder: null,
  prompt_embeddings: {
    _class_name: 'PromptEmbeddings',
    cross_attention_dim: 64,
    names: ['a', 'b', ''],
    tokens: 4,
  },
  scheduler: { ...sd15Scheduler, _class_name: 'DDIMScheduler', prediction_type: 'v_prediction' },
};

/** The networks that the package knows by name. */
export const presets = {
  sd15,
  'bk-sdm-base': bkSdmBase,
  'bk-sdm-small': bkSdmSmall,
  'bk-sdm-tiny': bkSdmTiny,
  'sd-mini': sdMini,
} as const satisfies Readonly<Record<string, PipelineFiles>>;

export type PresetName = keyof typeof presets;

export const presetNames = Object.keys(presets) as PresetName[];
