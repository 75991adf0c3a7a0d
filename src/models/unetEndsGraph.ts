import { GraphBuilder, type Graph } from '../graph/index.js';
import { buildUnetEntry, buildUnetExit, type StagedUnetConfig } from './stagedUnet.js';
import type { Unet2DConditionSize } from './unet2DCondition.js';

/**
 * What comes before the first stage of a U-Net as a network of its own: inputs `sample` and `timestep` as the
 * whole network has them, outputs `hidden` and `temb` as `unetStageGraph` takes them.
 */
export function unetEntryGraph(config: StagedUnetConfig, size: Unet2DConditionSize): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', [size.batch, config.inChannels, size.height, size.width]);
  const timestep = b.input('timestep', [size.batch]);
  return b.build({ ...buildUnetEntry(b, config, sample, timestep) });
}

/** What comes after its last stage: input `hidden`, output `out_sample`. */
export function unetExitGraph(config: StagedUnetConfig, size: Unet2DConditionSize): Graph {
  const b = new GraphBuilder();
  const { channels } = config.levels[0];
  const hidden = b.input('hidden', [size.batch, channels, size.height, size.width]);
  return b.build({ out_sample: buildUnetExit(b, config, hidden) });
}
