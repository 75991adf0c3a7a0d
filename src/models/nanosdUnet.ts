import { GraphBuilder, type Graph, type NamedValue, type Value } from '../graph/index.js';
import { projectContext } from '../nn/index.js';
import { buildStagedUnet, type StagedUnetConfig } from './stagedUnet.js';
import type { Unet2DConditionInputs, Unet2DConditionSize } from './unet2DCondition.js';

/**
 * A U-Net that surgery has cut (NanoSD, arXiv 2601.09823), with the inputs, output and module names of a
 * `UNet2DConditionModel`: what was inherited keeps its kind of key.
 */
export function nanosdUnet(config: StagedUnetConfig, size: Unet2DConditionSize): Graph {
  const { batch, height, width, contextTokens } = size;
  const b = new GraphBuilder();
  const sample = b.input('sample', [batch, config.inChannels, height, width]);
  const timestep = b.input('timestep', [batch]);
  const promptShape = [batch, contextTokens, config.crossAttentionDim];
  const encoderHiddenStates = b.input('encoder_hidden_states', promptShape);
  const inputs = { sample, timestep, encoderHiddenStates };
  return b.build({ out_sample: buildNanosdUnet(b, config, inputs) });
}

/** Adds the network to a graph, and its taps; see `nanosdUnet`. */
export function buildNanosdUnet(
  b: GraphBuilder,
  config: StagedUnetConfig,
  { sample, timestep, encoderHiddenStates }: Unet2DConditionInputs,
): Value {
  return buildStagedUnet(b, config, {
    sample,
    timestep,
    crossAttentionContext: (name, channels) =>
      projectContext(b, name, encoderHiddenStates, channels),
  });
}

/** The weights that a network asks for, in its own order. */
export function stagedUnetParams(config: StagedUnetConfig): readonly NamedValue[] {
  const side = 2 ** (config.levels.length - 1);
  return nanosdUnet(config, { batch: 1, height: side, width: side, contextTokens: 1 }).params;
}
