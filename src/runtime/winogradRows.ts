import type { GraphBuilder, Value } from '../graph/index.js';
import {
  inputTransform,
  matrixConstant,
  outputTransform,
  PATCH,
  TAPS,
  TILE,
  weightTransform,
  type Matrix,
} from './winogradMatrices.js';

/**
 * A 3x3 convolution with stride 1 and a zero all around, with half of its multiplications: Winograd's form down
 * the columns alone. Six rows of the input `[N, C, H, W]` at a time, overlapping by two, are transformed; a
 * convolution along the rows follows for each of the six values, all as groups of one; and they are transformed
 * back to four rows. `weight` `[O, C, 3, 3]`, `bias` `[O]`; gives `[N, O, H, W]`. Both directions together
 * (`winogradConv`) need half of that again, but move single values where this form moves rows.
 */
export function winogradRowsConv(
  b: GraphBuilder,
  x: Value,
  weight: Value,
  bias: Value | null,
  tileRows: number,
): Value {
  const { shape } = x;
  const kernels = {
    weight: transformWeight(b, weight),
    bias: bias && transformBias(b, bias),
  };
  const strips: Value[] = [];
  for (let first = 0; first < shape[2]; first += tileRows * TILE) {
    strips.push(convStrip(b, x, kernels, first, Math.min(first + tileRows * TILE, shape[2])));
  }
  return b.concat(strips, 2);
}

interface Kernels {
  readonly weight: Value;
  readonly bias: Value | null;
}

/** The rows of the result from `first` to `end`, which only the last strip may end within a tile with. */
function convStrip(b: GraphBuilder, x: Value, kernels: Kernels, first: number, end: number): Value {
  const [n, channels, , w] = x.shape;
  const outChannels = kernels.weight.shape[0] / PATCH;
  const tiles = Math.ceil((end - first) / TILE);
  const values = transformRows(b, x, first, tiles);
  const byValue = b.transpose(b.reshape(values, [n, channels, PATCH, tiles * w]), [0, 2, 1, 3]);
  const products = b.conv(
    b.reshape(byValue, [n, PATCH * channels, tiles, w]),
    kernels.weight,
    kernels.bias,
    { pads: [0, 1, 0, 1], groups: PATCH },
  );
  const rows = b.matmul(
    matrixConstant(b, outputTransform),
    b.reshape(products, [n, PATCH, outChannels * tiles * w]),
  );
  const byTile = b.transpose(b.reshape(rows, [n, TILE, outChannels, tiles, w]), [0, 2, 3, 1, 4]);
  const whole = b.reshape(byTile, [n, outChannels, tiles * TILE, w]);
  return tiles * TILE === end - first ? whole : b.sliceAxis(whole, 2, 0, end - first);
}

/** `[N * C, 6, tiles, W]`: a convolution of each channel with six columns, in steps of a tile. */
function transformRows(b: GraphBuilder, x: Value, first: number, tiles: number): Value {
  const [n, channels, h, w] = x.shape;
  const [top, bottom] = [first - 1, first + tiles * TILE + 1];
  const [start, end] = [Math.max(top, 0), Math.min(bottom, h)];
  const strip = start === 0 && end === h ? x : b.sliceAxis(x, 2, start, end);
  return b.conv(
    b.reshape(strip, [n * channels, 1, end - start, w]),
    matrixConstant(b, inputTransform, [PATCH, 1, PATCH, 1]),
    null,
    { strides: [TILE, 1], pads: [start - top, 0, bottom - end, 0] },
  );
}

/** `[6 * O, C, 1, 3]`: made of constants, so a runtime computes it once, when it loads the graph. */
function transformWeight(b: GraphBuilder, weight: Value): Value {
  const [outChannels, channels] = weight.shape;
  const taps = b.reshape(b.transpose(weight, [2, 0, 1, 3]), [TAPS, outChannels * channels * TAPS]);
  const transform = matrixConstant(b, weightTransform);
  return b.reshape(b.matmul(transform, taps), [PATCH * outChannels, channels, 1, TAPS]);
}

/** `[6 * O]`: what the transform back turns into the bias in every row. */
function transformBias(b: GraphBuilder, bias: Value): Value {
  const [outChannels] = bias.shape;
  const values = b.matmul(matrixConstant(b, ones), b.reshape(bias, [1, outChannels]));
  return b.reshape(values, [PATCH * outChannels]);
}

/** What the transform back turns into ones: those of a filter that passes its middle, over ones. */
const ones: Matrix = inputTransform.map((row, i) => [
  row.reduce((sum, v) => sum + v, 0) * weightTransform[i][1],
]);
