import { continueGraph, type Graph } from '../graph/index.js';
import {
  foreignRestorerGraph,
  restorer,
  restorerMultiple,
  type ForeignRestorer,
  type RestorerConfig,
} from '../models/index.js';
import { featherWidth } from './blending.js';
import type { TileOptions } from './tiles.js';

/** What restores: a network of ours, by its config, or one from outside. */
export type RestoringNetwork = RestorerConfig | ForeignRestorer;

/** Pixels that a network of ours looks away from, at most, and half of what tiles fade over. */
export const tileOverlap = 16 + featherWidth / 2;

/** Whether a network is one that another program has trained. */
export function isForeign(network: RestoringNetwork): network is ForeignRestorer {
  return 'network' in network;
}

/** How a network wants pictures divided, into tiles of at most `tile` pixels a side. */
export function tileOptions(network: RestoringNetwork, tile: number): TileOptions {
  if (!isForeign(network)) {
    return { tile, overlap: tileOverlap, multiple: restorerMultiple(network) };
  }
  const { reach, largest } = network;
  const side = largest ? Math.min(tile, largest.width, largest.height) : tile;
  return { tile: side, overlap: reach + featherWidth / 2, multiple: network.network.multiple };
}

/**
 * What restoring one tile of this size runs: the network, input `sample` [1, C, H, W], and its output
 * `out_sample` [1, C, scale H, scale W] limited to [0, 1], where ONNX Runtime does it faster than we could.
 */
export function restorationGraph(config: RestoringNetwork, width: number, height: number): Graph {
  // Taps would keep alive what nothing reads here.
  const graph = isForeign(config)
    ? foreignRestorerGraph(config, width, height)
    : restorer(config, { batch: 1, height, width });
  const network = { ...graph, taps: [] };
  const { builder, valueOf } = continueGraph(network);
  const restored = valueOf(network.outputs.out_sample);
  return builder.build({ out_sample: builder.apply('clip', [restored], { min: 0, max: 1 }) });
}
