import { GraphBuilder, type Graph } from '../graph/index.js';
import { projectContext } from '../nn/index.js';
import { buildStagedUnet, type StagedUnetConfig } from './stagedUnet.js';
import type { Unet2DConditionSize } from './unet2DCondition.js';

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
  const out = buildStagedUnet(b, config, {
    sample,
    timestep,
    crossAttentionContext: (name, channels) =>
      projectContext(b, name, encoderHiddenStates, channels),
  });
  return b.build({ out_sample: out });
}
