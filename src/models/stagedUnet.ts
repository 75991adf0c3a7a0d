import type { GraphBuilder, Value } from '../graph/index.js';
import {
  conv2d,
  groupNorm,
  groupNorms,
  timestepEmbedding,
  timestepSinusoid,
} from '../nn/index.js';
import {
  unetDownBlock,
  unetMidBlock,
  unetUpBlock,
  type UnetConditioning,
  type UnetLayer,
} from './unetBlocks.js';

/** A U-Net of SD's kind, stage by stage. Levels go from fine to coarse; each halves the resolution. */
export interface StagedUnetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  readonly normNumGroups: number;
  readonly normEps: number;
  /** Width of `encoderHiddenStates`. */
  readonly crossAttentionDim: number;
  readonly levels: readonly StagedLevel[];
  /** Resnet, transformer, resnet at the coarsest level. */
  readonly midBlock: boolean;
}

export interface StagedLevel {
  readonly channels: number;
  /** Heads of attention, of the size that is left for each. */
  readonly heads: number;
  readonly down: readonly UnetLayer[];
  readonly up: readonly UnetLayer[];
  /**
   * The skip slot that each layer of `up` reads. A level offers `skipSlots`: its own layers on the way
   * down from the last to the first (the first again where there are fewer), and last what came into it.
   */
  readonly upSkips: readonly number[];
  readonly skipSlots: number;
}

/** What a U-Net reads. */
export interface UnetInputs {
  /** Noisy latents `[N, inChannels, H, W]`. */
  readonly sample: Value;
  /** `[N]` float32, 0 to 999; Euler's are not whole numbers. */
  readonly timestep: Value;
  /** Keys and values of the prompt for a transformer's cross-attention. */
  readonly crossAttentionContext: UnetConditioning['crossAttentionContext'];
}

/** Adds the network to a graph, and its taps; the value is `[N, outChannels, H, W]`. */
export function buildStagedUnet(
  b: GraphBuilder,
  config: StagedUnetConfig,
  { sample, timestep, crossAttentionContext }: UnetInputs,
): Value {
  const { normNumGroups, normEps: eps } = config;
  const { hidden, temb } = buildUnetEntry(b, config, sample, timestep);
  const norm = groupNorms(normNumGroups);
  const trunk = buildUnetTrunk(b, config, hidden, { temb, norm, eps, crossAttentionContext });
  return buildUnetExit(b, config, trunk);
}

/** All stages, from what `conv_in` gives to what `conv_norm_out` takes; `scope` comes before the names of params. */
export function buildUnetTrunk(
  b: GraphBuilder,
  config: StagedUnetConfig,
  first: Value,
  conditioning: UnetConditioning,
  scope = '',
): Value {
  const { levels } = config;
  const down = downPath(b, config, first, conditioning, scope);
  let hidden = down.hidden;
  if (config.midBlock) {
    const { channels, heads } = levels[levels.length - 1];
    const level = { channels, heads, reduction: 2 ** (levels.length - 1) };
    hidden = unetMidBlock(b, `${scope}mid_block`, hidden, level, conditioning);
  }
  return upPath(b, config, hidden, down, conditioning, scope);
}

/** What comes before the first stage: `conv_in`, and the time embedding `[N, 4 * channels of level 0]`. */
export function buildUnetEntry(
  b: GraphBuilder,
  config: StagedUnetConfig,
  sample: Value,
  timestep: Value,
): { readonly hidden: Value; readonly temb: Value } {
  const temb = timeEmbedding(b, config, timestep);
  const hidden = conv2d(b, 'conv_in', sample, config.levels[0].channels);
  return { hidden: b.tap('conv_in', hidden, 1), temb };
}

/** What comes after the last stage: the norm, SiLU and `conv_out`. */
export function buildUnetExit(
  b: GraphBuilder,
  { normNumGroups, normEps, outChannels }: StagedUnetConfig,
  hidden: Value,
): Value {
  const norm = groupNorm(b, 'conv_norm_out', hidden, normNumGroups, normEps);
  return conv2d(b, 'conv_out', b.silu(b.tap('conv_norm_out', norm, 1)), outChannels);
}

function timeEmbedding(b: GraphBuilder, config: StagedUnetConfig, timestep: Value): Value {
  const { flipSinToCos, freqShift, levels } = config;
  const { channels } = levels[0];
  const options = { channels, flipSinToCos, freqShift };
  const sinusoid = b.tap('time_proj', timestepSinusoid(b, timestep, options), 1);
  const temb = timestepEmbedding(b, 'time_embedding', sinusoid, channels * 4);
  return b.tap('time_embedding', temb, 1);
}

interface DownPath {
  readonly hidden: Value;
  /** What came into each level. */
  readonly entering: readonly Value[];
  /** What each layer of each level gave. */
  readonly outputs: readonly (readonly Value[])[];
}

function downPath(
  b: GraphBuilder,
  { levels }: StagedUnetConfig,
  x: Value,
  conditioning: UnetConditioning,
  scope: string,
): DownPath {
  const entering = [x];
  const outputs: (readonly Value[])[] = [];
  let hidden = x;
  levels.forEach(({ channels, heads, down: layers }, i) => {
    const downsamples = i < levels.length - 1;
    const level = { channels, heads, layers, downsamples, reduction: 2 ** i };
    const block = unetDownBlock(b, `${scope}down_blocks.${i}`, hidden, level, conditioning);
    hidden = block.hidden;
    outputs.push(block.outputs);
    if (downsamples) entering.push(hidden);
  });
  return { hidden, entering, outputs };
}

function upPath(
  b: GraphBuilder,
  { levels }: StagedUnetConfig,
  x: Value,
  { entering, outputs }: DownPath,
  conditioning: UnetConditioning,
  scope: string,
): Value {
  let hidden = x;
  const coarsest = levels.length - 1;
  for (let i = coarsest; i >= 0; i--) {
    const { channels, heads, up: layers, upSkips, skipSlots } = levels[i];
    const own = outputs[i];
    const slot = (k: number): Value =>
      k === skipSlots - 1 ? entering[i] : own[Math.max(own.length - 1 - k, 0)];
    const finer = i > 0 ? outputs[i - 1][0].shape : undefined;
    const level = {
      ...{ channels, heads, layers, reduction: 2 ** i },
      skips: upSkips.map(slot),
      upsampleTo: finer ? { height: finer[2], width: finer[3] } : null,
    };
    hidden = unetUpBlock(b, `${scope}up_blocks.${coarsest - i}`, hidden, level, conditioning);
  }
  return hidden;
}
