import type { GraphBuilder, Value } from '../graph/index.js';
import { transposeJoined } from './transposeJoined.js';
import {
  inputTransform,
  kronecker,
  matrixConstant,
  outputTransform,
  PATCH,
  product,
  TAPS,
  TILE,
  weightTransform,
  type Matrix,
} from './winogradMatrices.js';

export interface WinogradOptions {
  /** 2: the input is first enlarged twofold, to the nearest. */
  readonly enlargement: 1 | 2;
  /** Rows of tiles at a time: what bounds the memory that it takes. */
  readonly tileRows: number;
}

/**
 * A 3x3 convolution with stride 1 and a zero all around, with a quarter of its multiplications: the input
 * `[N, C, H, W]` in overlapping patches of 6x6, each transformed; a product of matrices for each of the 36
 * values of a patch; and transformed back to tiles of 4x4 outputs. `weight` `[O, C, 3, 3]`, `bias` `[O]`; gives
 * `[N, O, H, W]`, times the enlargement. An enlarged input is never made: each of its pixels' four
 * neighbourhoods is a convolution of the small one, with weights that are sums.
 */
export function winogradConv(
  b: GraphBuilder,
  x: Value,
  weight: Value,
  bias: Value | null,
  { enlargement, tileRows }: WinogradOptions,
): Value {
  const [n, , h, w] = x.shape;
  const [outChannels] = weight.shape;
  const rows = Math.ceil(h / TILE);
  const transformed = transformWeight(b, weight, enlargement);
  const strips: Value[] = [];
  for (let first = 0; first < rows; first += tileRows) {
    const patches = transformStrip(b, x, first, Math.min(tileRows, rows - first));
    const products = b.matmul(transformed, patches.values);
    strips.push(toPixels(b, products, { n, outChannels, enlargement, ...patches }));
  }
  const whole = b.concat(strips, 2);
  const [height, width] = [h * enlargement, w * enlargement];
  const cropped = part(b, part(b, whole, 2, 0, height), 3, 0, width);
  return bias ? b.add(cropped, b.reshape(bias, [1, outChannels, 1, 1])) : cropped;
}

/** `[36, 1, phases * O, C]`: made of constants, so a runtime computes it once, when it loads the graph. */
function transformWeight(b: GraphBuilder, weight: Value, enlargement: 1 | 2): Value {
  const [outChannels, channels] = weight.shape;
  const phases = enlargement ** 2;
  const taps = b.transpose(b.reshape(weight, [outChannels * channels, TAPS ** 2]), [1, 0]);
  const transform = matrixConstant(b, weightTransforms(enlargement));
  const shape = [PATCH ** 2, 1, phases * outChannels, channels];
  return b.reshape(b.matmul(transform, taps), shape);
}

/** `[36 * phases, 9]`, the phases of columns before those of rows. */
function weightTransforms(enlargement: 1 | 2): Matrix {
  const axes =
    enlargement === 1 ? [weightTransform] : phaseTaps.map((m) => product(weightTransform, m));
  const perPhase = axes.flatMap((columns) => axes.map((rows) => kronecker(rows, columns)));
  return Array.from({ length: PATCH ** 2 }, (_, i) => perPhase.map((phase) => phase[i])).flat();
}

/** The taps that an even and an odd pixel of an enlarged row have on the small one. */
const phaseTaps: readonly Matrix[] = [
  [[1, 0, 0], [0, 1, 1], [0, 0, 0]],
  [[0, 0, 0], [1, 1, 0], [0, 0, 1]],
]; // prettier-ignore

interface Strip {
  /** `[36, N, C, rows * columns]`. */
  readonly values: Value;
  /** Of tiles. */
  readonly rows: number;
  readonly columns: number;
}

/** Every patch's 36 values: a convolution of each channel with 36 kernels, in steps of a tile. */
function transformStrip(b: GraphBuilder, x: Value, first: number, rows: number): Strip {
  const [n, channels, h, w] = x.shape;
  const columns = Math.ceil(w / TILE);
  const [top, bottom] = [first * TILE - 1, (first + rows) * TILE + 1];
  const [start, end] = [Math.max(top, 0), Math.min(bottom, h)];
  const strip = part(b, x, 2, start, end);
  const kernels = b.reshape(matrixConstant(b, kronecker(inputTransform, inputTransform)), [
    PATCH ** 2,
    1,
    PATCH,
    PATCH,
  ]);
  const values = b.conv(b.reshape(strip, [n * channels, 1, end - start, w]), kernels, null, {
    strides: [TILE, TILE],
    pads: [start - top, 1, bottom - end, columns * TILE + 1 - w],
  });
  const perChannel = b.reshape(values, [n, channels, PATCH ** 2, rows * columns]);
  return { values: b.transpose(perChannel, [2, 0, 1, 3]), rows, columns };
}

interface Products {
  readonly n: number;
  readonly outChannels: number;
  readonly enlargement: 1 | 2;
  readonly rows: number;
  readonly columns: number;
}

/** `[36, N, phases * O, tiles]`, the phases of columns before those of rows, to pixels `[N, O, height, width]` of whole tiles. */
function toPixels(
  b: GraphBuilder,
  products: Value,
  { n, outChannels, enlargement: e, rows, columns }: Products,
): Value {
  const rest = n * e * e * outChannels * rows * columns;
  const transform = matrixConstant(b, kronecker(outputTransform, outputTransform));
  const outputs = b.matmul(transform, b.reshape(products, [PATCH ** 2, rest]));
  // First the columns of a tile, each of as many phases, move into the rows; then whole rows move.
  const lines = e * outChannels * rows * columns;
  const inRows = transposeJoined(b, outputs, [TILE, TILE, n, e, lines], [0, 2, 4, 1, 3]);
  const width = columns * TILE * e;
  const split = [TILE, n, e, outChannels * rows, width];
  const whole = transposeJoined(b, inRows, split, [1, 3, 0, 2, 4]);
  return b.reshape(whole, [n, outChannels, rows * TILE * e, width]);
}

/** Elements of an axis; the value itself where those are all. */
function part(b: GraphBuilder, x: Value, axis: number, start: number, end: number): Value {
  return start === 0 && end === x.shape[axis] ? x : b.sliceAxis(x, axis, start, end);
}
