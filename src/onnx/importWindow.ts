import type { Pads2D, Pair } from '../graph/index.js';
import type { ForeignNode } from './foreignNode.js';

/** How a window (a convolution's kernel, a pool) moves over H and W, whatever the model's rank. */
export interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: Pads2D;
}

/** Reads the attributes that convolutions and pools share, for maps of one or two spatial axes. */
export function readWindow({ attributes }: ForeignNode, spatial: Pair, kernel: Pair): Window {
  const strides = pairOf(attributes.ints('strides', []), 1);
  const dilations = pairOf(attributes.ints('dilations', []), 1);
  const padding = attributes.string('auto_pad', 'NOTSET');
  const listed = attributes.ints('pads', []);
  const given = listed.length === 2 ? [0, listed[0], 0, listed[1]] : listed;
  const window = { kernel, strides, dilations };
  if (padding === 'NOTSET') {
    const [top = 0, left = 0, bottom = 0, right = 0] = given;
    if ([top, left, bottom, right].some((n) => n < 0)) {
      throw new Error(`expected pads of at least 0, got ${listed.join(', ')}`);
    }
    return { ...window, pads: [top, left, bottom, right] };
  }
  if (padding === 'VALID') return { ...window, pads: [0, 0, 0, 0] };
  const totals = spatial.map((n, i) => {
    const outputs = Math.ceil(n / strides[i]);
    return Math.max(0, (outputs - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - n);
  });
  return { ...window, pads: samePads(totals, padding) };
}

/** Splits the total padding of each axis; an odd one goes to the end (UPPER) or the start (LOWER). */
export function samePads(totals: readonly number[], padding: string): Pads2D {
  if (padding !== 'SAME_UPPER' && padding !== 'SAME_LOWER') {
    throw new Error(`expected an auto_pad of ONNX, got ${padding}`);
  }
  const [small, large] = [Math.floor, Math.ceil].map((round) => totals.map((n) => round(n / 2)));
  const [start, end] = padding === 'SAME_UPPER' ? [small, large] : [large, small];
  return [start[0], start[1], end[0], end[1]];
}

/** One number an axis; that of a single axis stands for W, and H then has `missing`. */
export function pairOf(listed: readonly number[], missing: number): Pair {
  if (listed.length === 1) return [missing, listed[0]];
  const [first = missing, second = missing] = listed;
  return [first, second];
}
