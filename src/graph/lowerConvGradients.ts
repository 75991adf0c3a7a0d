import { sameShape, type Shape } from '../tensor/index.js';
import type { GraphBuilder } from './builder.js';
import type { Graph, NodeOf, Value } from './ir.js';
import type { ConvAttributes, Pads2D } from './operators.js';
import { rewriteGraph } from './rewrite.js';

/**
 * The graph with the gradients of convolutions as other operators, which most runtimes compute faster: those of the
 * input as convolutions, those of the weight as matrix products.
 */
export function lowerConvGradients(graph: Graph): Graph {
  return rewriteGraph(graph, (b, node, valueOf) => {
    if (node.op === 'convTranspose') return asConv(b, node, valueOf);
    if (node.op !== 'convWeightGradient') return null;
    const [x, dy] = node.inputs.map(valueOf);
    return weightGradient(b, x, node.output, node.attributes, dy);
  });
}

/** A value that is only spoken of: what has its shape is to be made. */
interface Shaped {
  readonly shape: Shape;
}

/**
 * With stride 1 a transposed convolution is a convolution with the flipped, transposed weight, which runs faster
 * (40 against 54 ms for a whole training step, measured).
 */
function asConv(
  b: GraphBuilder,
  { inputs: [x, weight, bias], attributes, output }: NodeOf<'convTranspose'>,
  valueOf: (value: Value) => Value,
): Value | null {
  const pads = flippedPads(weight.shape, attributes);
  if (!pads) return null;
  const { dilations } = attributes;
  const flipped = flipKernel(b, valueOf(weight));
  const conv = b.conv(valueOf(x), flipped, bias ? valueOf(bias) : null, { pads, dilations });
  return sameShape(conv.shape, output.shape) ? conv : null;
}

/** The padding of the convolution that a transposed one with stride 1, in one group, is; null where there is none. */
export function flippedPads(
  [, , kh, kw]: Shape,
  { strides, pads, dilations, groups }: ConvAttributes,
): Pads2D | null {
  const [rows, columns] = [dilations[0] * (kh - 1), dilations[1] * (kw - 1)];
  const [top, left, bottom, right] = pads;
  const flipped: Pads2D = [rows - top, columns - left, rows - bottom, columns - right];
  const plain = groups === 1 && strides[0] === 1 && strides[1] === 1;
  return plain && flipped.every((length) => length >= 0) ? flipped : null;
}

/** `[out, in, kh, kw]` to `[in, out, kh, kw]` with both kernel axes reversed. */
function flipKernel(b: GraphBuilder, weight: Value): Value {
  const [out, inputs, kh, kw] = weight.shape;
  const taps = b.transpose(b.reshape(weight, [out, inputs, kh * kw]), [1, 0, 2]);
  if (kh === 1 && kw === 1) return b.reshape(taps, [inputs, out, 1, 1]);
  const reversed = b.apply('slice', [taps], {
    starts: [0, 0, kh * kw - 1],
    ends: [inputs, out, -1],
    steps: [1, 1, -1],
  });
  return b.reshape(reversed, [inputs, out, kh, kw]);
}

/** By rows of taps where they can share copies, as with stride 1 in one group; tap by tap otherwise. */
function weightGradient(
  b: GraphBuilder,
  x: Value,
  weight: Shaped,
  attributes: ConvAttributes,
  dy: Value,
): Value {
  const { strides, pads, dilations, groups } = attributes;
  const reach = dilations[1] * (weight.shape[3] - 1);
  const shared = groups === 1 && strides[0] === 1 && strides[1] === 1;
  return shared && pads[1] <= reach && pads[3] <= reach
    ? weightGradientByRow(b, x, weight, attributes, dy)
    : weightGradientByTap(b, x, weight, attributes, dy);
}

/**
 * One matrix product a kernel row, `[kw out, cells] x [cells, in]` for each image. A tap's place in its row
 * is a shift of `dy` (all of a row's taps lie stacked there), the row itself a shift of `x`, and whole rows
 * are contiguous. On the CPU this beats a product a tap, one for all taps, and an ordinary convolution with
 * swapped axes (`npm run bench -- conv-gradient`).
 */
function weightGradientByRow(
  b: GraphBuilder,
  x: Value,
  weight: Shaped,
  { pads, dilations }: ConvAttributes,
  dy: Value,
): Value {
  const [out, inputs, kh, kw] = weight.shape;
  const [n, , oh] = dy.shape;
  const width = x.shape[3];
  const cells = oh * width;
  const reach = dilations[1] * (kw - 1);
  const wide = { axis: 3, before: reach - pads[1], after: reach - pads[3] };
  const starts = Array.from({ length: kw }, (_, j) => reach - j * dilations[1]);
  const shifted = windows(b, dy, wide, starts, width);
  const rows = b.reshape(kw === 1 ? shifted[0] : b.concat(shifted, 1), [n, kw * out, cells]);
  const tall = { axis: 2, before: pads[0], after: pads[2] };
  const tops = Array.from({ length: kh }, (_, i) => i * dilations[0]);
  const unders = windows(b, x, tall, tops, oh).map((under) => {
    return b.transpose(b.reshape(under, [n, inputs, cells]), [0, 2, 1]);
  });
  const products =
    n > 1 && cells < kh * inputs
      ? wholeBatchProducts(b, rows, unders)
      : sumOverBatch(
          b,
          unders.map((columns) => b.reshape(b.matmul(rows, columns), [1, n, kw * out * inputs])),
        );
  return tapsLast(b, products, weight.shape);
}

/**
 * One product a kernel row for the whole batch, whose images follow each other along the cells: on small maps
 * of many channels, laying `rows` out anew costs less than the sum over images.
 */
function wholeBatchProducts(b: GraphBuilder, rows: Value, unders: readonly Value[]): Value {
  const [n, stacked, cells] = rows.shape;
  const inputs = unders[0].shape[2];
  const long = b.reshape(b.transpose(rows, [1, 0, 2]), [stacked, n * cells]);
  const products = unders.map((columns) => {
    const product = b.matmul(long, b.reshape(columns, [n * cells, inputs]));
    return b.reshape(product, [1, stacked, inputs]);
  });
  return products.length === 1 ? products[0] : b.concat(products, 0);
}

/** `length` places of a zero-padded axis from each of `starts`. */
function windows(
  b: GraphBuilder,
  x: Value,
  { axis, before, after }: { axis: number; before: number; after: number },
  starts: readonly number[],
  length: number,
): Value[] {
  const along = (zeros: number): number[] => x.shape.map((_, i) => (i === axis ? zeros : 0));
  const padded = b.pad(x, along(before), along(after));
  return starts.map((start) =>
    start === before && length === x.shape[axis]
      ? x
      : b.sliceAxis(padded, axis, start, start + length),
  );
}

/** Once for all products, because each small reduction costs as much as a large one. */
function sumOverBatch(b: GraphBuilder, products: readonly Value[]): Value {
  return b.reduceSum(products.length === 1 ? products[0] : b.concat(products, 0), [1]);
}

/**
 * One matrix product a kernel tap, `[out, cells] x [cells, in]` for each image and group, over the part of
 * the padded map that lies under the tap; any stride, dilation and groups.
 */
function weightGradientByTap(
  b: GraphBuilder,
  x: Value,
  weight: Shaped,
  { strides, pads, dilations, groups }: ConvAttributes,
  dy: Value,
): Value {
  const [out, perGroup, kh, kw] = weight.shape;
  const [n, , oh, ow] = dy.shape;
  const cells = oh * ow;
  const padded = b.pad(x, [0, 0, pads[0], pads[1]], [0, 0, pads[2], pads[3]]);
  const dyRows = b.reshape(dy, [n * groups, out / groups, cells]);
  const products: Value[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const [top, left] = [i * dilations[0], j * dilations[1]];
      const under = b.apply('slice', [padded], {
        starts: [0, 0, top, left],
        ends: [n, x.shape[1], top + (oh - 1) * strides[0] + 1, left + (ow - 1) * strides[1] + 1],
        steps: [1, 1, strides[0], strides[1]],
      });
      const columns = b.transpose(b.reshape(under, [n * groups, perGroup, cells]), [0, 2, 1]);
      products.push(b.reshape(b.matmul(dyRows, columns), [1, n, out * perGroup]));
    }
  }
  return tapsLast(b, sumOverBatch(b, products), weight.shape);
}

/**
 * A weight of `shape` `[O, C, kh, kw]` from its taps one after the other. Only one axis moves, which ONNX Runtime does
 * ten times faster than two; the axis of one keeps it from making two of it, by way of the shape after.
 */
export function tapsLast(b: GraphBuilder, taps: Value, shape: Shape): Value {
  const [out, channels, kh, kw] = shape;
  const byTap = b.reshape(taps, [kh * kw, out * channels, 1]);
  return b.reshape(b.transpose(byTap, [1, 2, 0]), shape);
}
