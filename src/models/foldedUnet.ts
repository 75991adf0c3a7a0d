import { GraphBuilder, type Graph } from '../graph/index.js';
import { foldedContext } from '../nn/index.js';
import type { MapSize } from './autoencoderKL.js';
import { buildStagedUnet, type StagedUnetConfig } from './stagedUnet.js';

/** A U-Net that has one prompt built in. */
export interface FoldedUnetConfig {
  readonly unet: StagedUnetConfig;
  readonly promptTokens: number;
}

/**
 * A U-Net whose prompt is a constant: without `encoder_hidden_states`, and with params `attn2.key` and
 * `attn2.value` `[1, promptTokens, channels]` in place of `attn2.to_k.weight` and `attn2.to_v.weight`.
 * `foldPromptEmbeddings` makes them. Inputs `sample` and `timestep`, output `out_sample`, as a
 * `UNet2DConditionModel` has them.
 */
export function foldedUnet({ unet, promptTokens }: FoldedUnetConfig, size: MapSize): Graph {
  const { batch, height, width } = size;
  const b = new GraphBuilder();
  const out = buildStagedUnet(b, unet, {
    sample: b.input('sample', [batch, unet.inChannels, height, width]),
    timestep: b.input('timestep', [batch]),
    crossAttentionContext: (name, channels) => foldedContext(b, name, promptTokens, channels),
  });
  return b.build({ out_sample: out });
}
