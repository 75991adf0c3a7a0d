import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';
import type { Attributes, ConvAttributes, Pads2D } from './operators.js';
import type { Cotangent } from './vjpRule.js';

export function convVjp(b: GraphBuilder, at: Cotangent<Attributes['conv']>): (Value | null)[] {
  const { inputs, attributes, dy, wanted } = at;
  const [x, weight, bias] = inputs;
  return [
    wanted[0] ? convInputGradient(b, x, weight, attributes, dy) : null,
    wanted[1] ? convWeightGradient(b, x, weight, attributes, dy) : null,
    bias && wanted[2] ? biasGradient(b, dy) : null,
  ];
}

/** A transposed convolution is the adjoint of a convolution, so its gradients are convolutions' own. */
export function convTransposeVjp(
  b: GraphBuilder,
  at: Cotangent<Attributes['convTranspose']>,
): (Value | null)[] {
  const { inputs, attributes, dy, wanted } = at;
  const [x, weight, bias] = inputs;
  const { strides, pads, dilations, groups } = attributes;
  const forward = { strides, pads, dilations, groups };
  return [
    wanted[0] ? b.conv(dy, weight, null, forward) : null,
    wanted[1] ? convWeightGradient(b, dy, weight, forward, x) : null,
    bias && wanted[2] ? biasGradient(b, dy) : null,
  ];
}

function biasGradient(b: GraphBuilder, dy: Value): Value {
  return b.reshape(b.reduceSum(dy, [0, 2, 3]), [dy.shape[1]]);
}

/**
 * With stride 1 this is a convolution with the flipped, transposed weight, which runs faster than a
 * transposed convolution (40 against 54 ms for a whole training step, measured).
 */
function convInputGradient(
  b: GraphBuilder,
  x: Value,
  weight: Value,
  attributes: ConvAttributes,
  dy: Value,
): Value {
  const { strides, pads, dilations, groups } = attributes;
  const extent = [0, 1].map((i) => dilations[i] * (weight.shape[2 + i] - 1));
  const flippedPads: Pads2D = [
    extent[0] - pads[0],
    extent[1] - pads[1],
    extent[0] - pads[2],
    extent[1] - pads[3],
  ];
  if (groups === 1 && strides[0] === 1 && strides[1] === 1 && flippedPads.every((p) => p >= 0)) {
    return b.conv(dy, flipKernel(b, weight), null, {
      pads: flippedPads,
      dilations,
    });
  }
  const [outH, outW] = [0, 1].map(
    (i) => (dy.shape[2 + i] - 1) * strides[i] - (pads[i] + pads[i + 2]) + extent[i] + 1,
  );
  const outputPadding = [x.shape[2] - outH, x.shape[3] - outW] as const;
  return b.convTranspose(dy, weight, null, {
    strides,
    pads,
    dilations,
    groups,
    outputPadding,
  });
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
function convWeightGradient(
  b: GraphBuilder,
  x: Value,
  weight: Value,
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
  weight: Value,
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
  // As two axes: ONNX Runtime has a fast path for one axis that moves, not for two.
  const byTap = b.reshape(products, [kh * kw, out * inputs]);
  return b.reshape(b.transpose(byTap, [1, 0]), weight.shape);
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
  weight: Value,
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
  const byTap = b.reshape(sumOverBatch(b, products), [kh * kw, out * perGroup]);
  return b.reshape(b.transpose(byTap, [1, 0]), weight.shape);
}
