import { continueGraph, type Graph } from '../graph/index.js';
import { restorer, type RestorerConfig } from '../models/index.js';

/**
 * What restoring one tile of this size runs: the network, input `sample` [1, C, H, W], and its output
 * `out_sample` [1, C, scale H, scale W] limited to [0, 1], where ONNX Runtime does it faster than we could.
 */
export function restorationGraph(config: RestorerConfig, width: number, height: number): Graph {
  // Taps would keep alive what nothing reads here.
  const network = { ...restorer(config, { batch: 1, height, width }), taps: [] };
  const { builder, valueOf } = continueGraph(network);
  const restored = valueOf(network.outputs.out_sample);
  return builder.build({ out_sample: builder.apply('clip', [restored], { min: 0, max: 1 }) });
}
