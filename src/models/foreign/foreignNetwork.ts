import { GraphBuilder, type Graph, type Value } from '../../graph/index.js';
import type { Weights } from '../../tensor/index.js';

/** Pixels of one run. */
export interface PictureSize {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

export type ValueRange = readonly [black: number, white: number];

/** A network from outside on our graph: a picture in, a picture out. It can be run, exported and distilled from as our own. */
export interface ForeignNetwork {
  /** What its authors call it, or `ONNX`. */
  readonly architecture: string;
  /** Its size, as people write it. */
  readonly details: string;
  /** Output pixels a side for one input pixel. */
  readonly scale: number;
  /** 1 (gray, or the luma of a colour picture), 3 (RGB) or 4. */
  readonly inChannels: number;
  readonly outChannels: number;
  /** Height and width of the input must be multiples of this. */
  readonly multiple: number;
  /** The only size that the network takes, in pixels; null for any. */
  readonly fixedSize: { readonly width: number; readonly height: number } | null;
  /** What the network itself takes for black and for white. The graph takes and gives [0, 1], whatever it is. */
  readonly valueRange: ValueRange;
  readonly takesNoiseLevel: boolean;
  /**
   * The network for one size: input `sample` `[N, inChannels, H, W]` in [0, 1], output `out_sample`
   * `[N, outChannels, scale H, scale W]`, not clamped. Its params are named as in `weights`.
   * @throws Error where the network takes no such size.
   */
  readonly graph: (size: PictureSize) => Graph;
  /** float32, by the names of the graph's params. */
  readonly weights: Weights;
}

/** A graph of one input and one output around what `build` adds. */
export function foreignGraph(
  { inChannels }: { readonly inChannels: number },
  build: (b: GraphBuilder, sample: Value) => Value,
): ForeignNetwork['graph'] {
  return ({ batch, height, width }) => {
    const b = new GraphBuilder();
    const sample = b.input('sample', [batch, inChannels, height, width]);
    return b.build({ out_sample: build(b, sample) });
  };
}
