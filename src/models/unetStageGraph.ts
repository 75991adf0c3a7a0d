import { GraphBuilder, type Graph, type Value } from '../graph/index.js';
import { groupNorms, projectContext } from '../nn/index.js';
import type { StagedLevel, StagedUnetConfig } from './stagedUnet.js';
import type { Unet2DConditionSize } from './unet2DCondition.js';
import { unetDownBlock, unetUpBlock, type MapSides, type UnetConditioning } from './unetBlocks.js';

/** One stage of a U-Net: the layers of a level on the way down (`E1` is level 0) or up (`D1`). */
export interface UnetStage {
  readonly direction: 'down' | 'up';
  /** From fine to coarse. */
  readonly level: number;
}

/** Where the params of a stage lie: `down_blocks.1`, `up_blocks.0`. */
export function unetStagePrefix({ levels }: StagedUnetConfig, stage: UnetStage): string {
  const { direction, level } = stage;
  return direction === 'down' ? `down_blocks.${level}` : `up_blocks.${levels.length - 1 - level}`;
}

/** The skip slots that a stage on the way up reads, each once, in ascending order. */
export function readSlots({ upSkips }: StagedLevel): readonly number[] {
  return [...new Set(upSkips)].sort((a, b) => a - b);
}

/**
 * One stage as a network of its own, with the names of the whole network's params, for a latent of `size`.
 * Inputs: `hidden`, what flows into the stage; `temb` `[N, 4 * channels of level 0]`; `encoder_hidden_states`
 * where a layer attends; on the way up `skip.K` for each slot K that it reads. Outputs: `hidden`, what flows
 * on; on the way down `skip.K` for each slot that its layers fill (the last slot is what came in).
 */
export function unetStageGraph(
  config: StagedUnetConfig,
  stage: UnetStage,
  size: Unet2DConditionSize,
): Graph {
  const b = new GraphBuilder();
  const conditioning = stageConditioning(b, config, stage, size);
  const outputs =
    stage.direction === 'down'
      ? downStage(b, config, stage, size, conditioning)
      : upStage(b, config, stage, size, conditioning);
  return b.build(outputs);
}

function stageConditioning(
  b: GraphBuilder,
  config: StagedUnetConfig,
  { direction, level }: UnetStage,
  { batch, contextTokens }: Unet2DConditionSize,
): UnetConditioning {
  const layers = config.levels[level][direction];
  const temb = b.input('temb', [batch, config.levels[0].channels * 4]);
  const shape = [batch, contextTokens, config.crossAttentionDim];
  const attends = layers.some((layer) => layer.attends);
  const prompt = attends ? b.input('encoder_hidden_states', shape) : null;
  return {
    ...{ temb, norm: groupNorms(config.normNumGroups), eps: config.normEps },
    crossAttentionContext(name, channels) {
      if (!prompt) throw new Error(`${name}: expected a stage that attends`);
      return projectContext(b, name, prompt, channels);
    },
  };
}

function downStage(
  b: GraphBuilder,
  config: StagedUnetConfig,
  stage: UnetStage,
  size: Unet2DConditionSize,
  conditioning: UnetConditioning,
): Record<string, Value> {
  const { levels } = config;
  const { channels, heads, down: layers, skipSlots } = levels[stage.level];
  const { height, width } = levelSides(size, stage.level);
  const entering = levels[Math.max(stage.level - 1, 0)].channels;
  const hidden = b.input('hidden', [size.batch, entering, height, width]);
  const downsamples = stage.level < levels.length - 1;
  const level = { channels, heads, layers, downsamples, reduction: 2 ** stage.level };
  const block = unetDownBlock(b, unetStagePrefix(config, stage), hidden, level, conditioning);
  const outputs: Record<string, Value> = { hidden: block.hidden };
  for (let slot = 0; slot < skipSlots - 1; slot++) {
    outputs[`skip.${slot}`] = block.outputs[Math.max(block.outputs.length - 1 - slot, 0)];
  }
  return outputs;
}

function upStage(
  b: GraphBuilder,
  config: StagedUnetConfig,
  stage: UnetStage,
  size: Unet2DConditionSize,
  conditioning: UnetConditioning,
): Record<string, Value> {
  const { levels } = config;
  const own = levels[stage.level];
  const sides = levelSides(size, stage.level);
  const input = (name: string, channels: number): Value =>
    b.input(name, [size.batch, channels, sides.height, sides.width]);
  const hidden = input('hidden', levels[Math.min(stage.level + 1, levels.length - 1)].channels);
  const finer = levels[Math.max(stage.level - 1, 0)].channels;
  const skips = new Map(
    readSlots(own).map((slot) => {
      const channels = slot === own.skipSlots - 1 ? finer : own.channels;
      return [slot, input(`skip.${slot}`, channels)];
    }),
  );
  const skipOf = (slot: number): Value => {
    const skip = skips.get(slot);
    if (!skip) throw new Error(`expected one of the slots that are read, got ${slot}`);
    return skip;
  };
  const level = {
    ...{ channels: own.channels, heads: own.heads, layers: own.up, reduction: 2 ** stage.level },
    skips: own.upSkips.map(skipOf),
    upsampleTo: stage.level > 0 ? levelSides(size, stage.level - 1) : null,
  };
  return { hidden: unetUpBlock(b, unetStagePrefix(config, stage), hidden, level, conditioning) };
}

/** The cells of a level's maps: each level halves them, rounded up. */
function levelSides({ height, width }: Unet2DConditionSize, level: number): MapSides {
  const halve = (cells: number): number => Math.ceil(cells / 2 ** level);
  return { height: halve(height), width: halve(width) };
}
