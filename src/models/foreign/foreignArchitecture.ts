import type { GraphBuilder, Value } from '../../graph/index.js';
import type { Shape, Weights } from '../../tensor/index.js';

/** The names and shapes of a state dict, which say what network it is of. */
export type StateShapes = ReadonlyMap<string, { readonly shape: Shape }>;

/** A network from outside, as its state dict tells it. */
export interface ForeignArchitecture {
  /** What its authors call it: `SRVGGNetCompact`, `RRDBNet`, `SPAN`, `DnCNN`, `FDnCNN`, `FFDNet`. */
  readonly architecture: string;
  /** Its size, as people write it: `64 channels, 23 blocks`. */
  readonly details: string;
  /** Output pixels a side for one input pixel. */
  readonly scale: number;
  /** Of the picture that goes in, without a map of the noise level: 1 (gray, luma), 3 (RGB) or 4. */
  readonly inChannels: number;
  readonly outChannels: number;
  /** Height and width of the input must be multiples of this. */
  readonly multiple: number;
  /** Whether it is told how much noise there is. */
  readonly takesNoiseLevel: boolean;
  /**
   * The network on a picture `[N, inChannels, H, W]` in [0, 1], to `[N, outChannels, scale H, scale W]`. `noiseLevel` is the
   * standard deviation of the noise, in [0, 1]; networks that are not told it ignore it.
   */
  readonly build: (b: GraphBuilder, sample: Value, noiseLevel: number) => Value;
  /** The params that the graph asks for, float32, from what the file holds: branches and normalisations merged. */
  readonly fold: (weights: Weights) => Weights;
}

/** Recognises one family by its keys; undefined for another's. */
export type Recognizer = (state: StateShapes) => ForeignArchitecture | undefined;

/** One more than the highest number after `prefix.`, as torch's `Sequential` counts. */
export function sequenceLength(state: StateShapes, prefix: string): number {
  let length = 0;
  for (const name of state.keys()) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const index = /^\d{1,6}/.exec(name.slice(prefix.length + 1));
    if (index) length = Math.max(length, Number(index[0]) + 1);
  }
  return length;
}

/**
 * How a pixel shuffle divides `channels`: into as many colours as went in, or 3, 4 or 1, and a square number of pixels.
 * Undefined where none fits.
 */
export function shuffledChannels(
  channels: number,
  inChannels: number,
): { readonly scale: number; readonly outChannels: number } | undefined {
  for (const outChannels of [inChannels, 3, 4, 1]) {
    const scale = Math.sqrt(channels / outChannels);
    if (Number.isInteger(scale) && scale >= 1) return { scale, outChannels };
  }
  return undefined;
}

/** The shape of a convolution's weight `[out, in, kh, kw]`, or undefined where there is none of that name. */
export function convShape(state: StateShapes, name: string): Shape | undefined {
  const shape = state.get(`${name}.weight`)?.shape;
  return shape?.length === 4 ? shape : undefined;
}
