import { GraphBuilder, type Graph, type Value } from '../graph/index.js';
import {
  conv2d,
  groupNorm,
  projectContext,
  timestepEmbedding,
  timestepSinusoid,
} from '../nn/index.js';
import type { Unet2DConditionConfig } from './unet2DConditionConfig.js';
import {
  unetDownBlock,
  unetMidBlock,
  unetUpBlock,
  type UnetConditioning,
  type UnetLevel,
} from './unetBlocks.js';

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
  const { normNumGroups: groups, normEps: eps, blockOutChannels } = config;
  const conditioning: UnetConditioning = {
    temb: timeEmbedding(b, config, timestep),
    groups,
    eps,
    crossAttentionContext: (name, channels) =>
      projectContext(b, name, encoderHiddenStates, channels),
  };
  let hidden = b.tap('conv_in', conv2d(b, 'conv_in', sample, blockOutChannels[0]), 1);
  const down = downPath(b, config, hidden, conditioning);
  hidden = down.hidden;
  if (config.midBlock) {
    const level = levelOf(config, blockOutChannels.length - 1, true);
    hidden = unetMidBlock(b, 'mid_block', hidden, level, conditioning);
  }
  hidden = upPath(b, config, hidden, down.skips, conditioning);
  const normed = b.tap('conv_norm_out', groupNorm(b, 'conv_norm_out', hidden, groups, eps), 1);
  return conv2d(b, 'conv_out', b.silu(normed), config.outChannels);
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

function timeEmbedding(b: GraphBuilder, config: Unet2DConditionConfig, timestep: Value): Value {
  const { flipSinToCos, freqShift, blockOutChannels } = config;
  const options = { channels: blockOutChannels[0], flipSinToCos, freqShift };
  const sinusoid = b.tap('time_proj', timestepSinusoid(b, timestep, options), 1);
  const temb = timestepEmbedding(b, 'time_embedding', sinusoid, blockOutChannels[0] * 4);
  return b.tap('time_embedding', temb, 1);
}

function downPath(
  b: GraphBuilder,
  config: Unet2DConditionConfig,
  x: Value,
  conditioning: UnetConditioning,
): { hidden: Value; skips: readonly Value[] } {
  const skips = [x];
  let hidden = x;
  const levels = config.blockOutChannels.length;
  for (let level = 0; level < levels; level++) {
    const options = {
      ...levelOf(config, level, config.downAttention[level]),
      layers: config.layersPerBlock[level],
      downsamples: level < levels - 1,
    };
    const down = unetDownBlock(b, `down_blocks.${level}`, hidden, options, conditioning);
    hidden = down.hidden;
    skips.push(...down.skips);
  }
  return { hidden, skips };
}

function upPath(
  b: GraphBuilder,
  config: Unet2DConditionConfig,
  x: Value,
  skips: readonly Value[],
  conditioning: UnetConditioning,
): Value {
  let hidden = x;
  let left = skips;
  const coarsest = config.blockOutChannels.length - 1;
  for (let level = coarsest; level >= 0; level--) {
    const layers = config.layersPerBlock[level] + 1;
    const own = left.slice(-layers);
    left = left.slice(0, -layers);
    const next = left.at(-1)?.shape;
    const options = {
      ...levelOf(config, level, config.upAttention[level]),
      skips: own,
      upsampleTo: next ? { height: next[2], width: next[3] } : null,
    };
    hidden = unetUpBlock(b, `up_blocks.${coarsest - level}`, hidden, options, conditioning);
  }
  return hidden;
}

function levelOf(config: Unet2DConditionConfig, level: number, attends: boolean): UnetLevel {
  return {
    channels: config.blockOutChannels[level],
    heads: attends ? config.heads[level] : null,
    reduction: 2 ** level,
  };
}
