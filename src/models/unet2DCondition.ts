import { GraphBuilder, type Graph, type Value } from '../graph/index.js';
import { projectContext } from '../nn/index.js';
import { buildStagedUnet, type StagedUnetConfig } from './stagedUnet.js';
import type { Unet2DConditionConfig } from './unet2DConditionConfig.js';

export interface Unet2DConditionSize {
  readonly batch: number;
  /** Cells of the latent; any number, though multiples of `2 ** (levels - 1)` are what it was trained on. */
  readonly height: number;
  readonly width: number;
  /** Tokens of the prompt: 77 from CLIP. */
  readonly contextTokens: number;
}

/** What the U-Net reads. */
export interface Unet2DConditionInputs {
  /** Noisy latents `[N, inChannels, H, W]`. */
  readonly sample: Value;
  /** `[N]` float32, 0 to 999; Euler's are not whole numbers. */
  readonly timestep: Value;
  /** The prompt `[N, tokens, crossAttentionDim]`. */
  readonly encoderHiddenStates: Value;
}

/**
 * SD 1.x's denoiser (diffusers' `UNet2DConditionModel`): inputs `sample` `[N, inChannels, H, W]`,
 * `timestep` `[N]` float32 and `encoder_hidden_states` `[N, contextTokens, crossAttentionDim]`; output
 * `out_sample` `[N, outChannels, H, W]`, what the checkpoint was trained to predict (mostly the noise).
 * Taps: every resnet, attention, skip and stage, under its module's name.
 */
export function unet2DCondition(config: Unet2DConditionConfig, size: Unet2DConditionSize): Graph {
  const { batch, height, width, contextTokens } = size;
  const b = new GraphBuilder();
  const sample = b.input('sample', [batch, config.inChannels, height, width]);
  const timestep = b.input('timestep', [batch]);
  const promptShape = [batch, contextTokens, config.crossAttentionDim];
  const encoderHiddenStates = b.input('encoder_hidden_states', promptShape);
  const inputs = { sample, timestep, encoderHiddenStates };
  return b.build({ out_sample: buildUnet2DCondition(b, config, inputs) });
}

/** Adds the network to a graph, and its taps; see `unet2DCondition`. */
export function buildUnet2DCondition(
  b: GraphBuilder,
  config: Unet2DConditionConfig,
  { sample, timestep, encoderHiddenStates }: Unet2DConditionInputs,
): Value {
  return buildStagedUnet(b, stagesOfUnet2D(config), {
    sample,
    timestep,
    crossAttentionContext: (name, channels) =>
      projectContext(b, name, encoderHiddenStates, channels),
  });
}

/** The same network stage by stage: every layer of a level alike, every skip read by the next layer up. */
export function stagesOfUnet2D(config: Unet2DConditionConfig): StagedUnetConfig {
  const { blockOutChannels, layersPerBlock, heads, downAttention, upAttention } = config;
  const alike = (length: number, attends: boolean) => Array.from({ length }, () => ({ attends }));
  const levels = blockOutChannels.map((channels, level) => {
    const slots = layersPerBlock[level] + 1;
    return {
      channels,
      heads: heads[level],
      down: alike(slots - 1, downAttention[level]),
      up: alike(slots, upAttention[level]),
      upSkips: Array.from({ length: slots }, (_, slot) => slot),
      skipSlots: slots,
    };
  });
  const { inChannels, outChannels, flipSinToCos, freqShift } = config;
  const { normNumGroups, normEps, crossAttentionDim, midBlock } = config;
  return {
    ...{ inChannels, outChannels, flipSinToCos, freqShift, normNumGroups, normEps },
    ...{ crossAttentionDim, midBlock, levels },
  };
}

/** The row of a cost table that a weight of the U-Net belongs to. */
export function unetStageOf(paramName: string): string {
  const [part, index] = paramName.split('.');
  switch (part) {
    case 'time_embedding':
    case 'conv_in':
      return 'conv_in+time';
    case 'down_blocks':
      return `down${index}`;
    case 'mid_block':
      return 'mid';
    case 'up_blocks':
      return `up${index}`;
    default:
      return 'out';
  }
}
