import { costByStage, graphCost, type Graph } from '../graph/index.js';
import type { ForeignNetwork } from './foreign/index.js';
import { restorer, restorerMultiple, type RestorerConfig } from './restorer.js';

/** What a part of a network holds and computes. */
export interface PartReport {
  readonly parameters: number;
  /** Entries of the state dict. */
  readonly tensors: number;
  /** Billions of multiply-accumulates in convolutions and matrix products. */
  readonly gmac: number;
}

export interface StageReport extends PartReport {
  /** The first part of the stage's weight names: `encoder`, `unet`, `decoder`. */
  readonly name: string;
}

export interface ModelReport {
  /** The input that the work is counted for, in pixels, after padding to what the network takes. */
  readonly input: { readonly width: number; readonly height: number };
  readonly total: PartReport & {
    /** The most bytes of float32 activations alive at once. */
    readonly activationPeakBytes: number;
  };
  readonly stages: readonly StageReport[];
}

/** What a restorer holds, and what one input of this size costs. */
export function inspectRestorer(
  config: RestorerConfig,
  size: { readonly width: number; readonly height: number },
): ModelReport {
  const multiple = restorerMultiple(config);
  const [width, height] = [size.width, size.height].map((side) => {
    return Math.ceil(side / multiple) * multiple;
  });
  return report(restorer(config, { batch: 1, height, width }), { width, height });
}

/** The same of a network that another program has trained. */
export function inspectForeign(
  { graph, multiple, fixedSize }: ForeignNetwork,
  size: { readonly width: number; readonly height: number },
): ModelReport {
  const up = (side: number): number => Math.ceil(side / multiple) * multiple;
  const input = fixedSize ?? { width: up(size.width), height: up(size.height) };
  return report(graph({ batch: 1, ...input }), input);
}

function report(graph: Graph, input: ModelReport['input']): ModelReport {
  const { parameters, tensors, macs, peakBytes } = graphCost(graph);
  const stages = [...costByStage(graph, (name) => name.split('.')[0])].map(
    ([name, part]): StageReport => ({
      name,
      parameters: part.parameters,
      tensors: part.tensors,
      gmac: part.macs / 1e9,
    }),
  );
  const total = { parameters, tensors, gmac: macs / 1e9, activationPeakBytes: peakBytes };
  return { input, total, stages };
}
