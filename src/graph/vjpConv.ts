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
  const swapped = b.transpose(weight, [1, 0, 2, 3]);
  if (kh === 1 && kw === 1) return swapped;
  const taps = b.reshape(swapped, [inputs, out, kh * kw]);
  const reversed = b.apply('slice', [taps], {
    starts: [0, 0, kh * kw - 1],
    ends: [inputs, out, -1],
    steps: [1, 1, -1],
  });
  return b.reshape(reversed, [inputs, out, kh, kw]);
}

function convWeightGradient(
  b: GraphBuilder,
  x: Value,
  weight: Value,
  attributes: ConvAttributes,
  dy: Value,
): Value {
  const { strides, dilations, groups } = attributes;
  const dense = groups === 1 && [...strides, ...dilations].every((n) => n === 1);
  return dense
    ? denseWeightGradient(b, x, weight, attributes, dy)
    : tapWeightGradient(b, x, weight, attributes, dy);
}

/**
 * Few, large matrix products. Tap (i, j) of the kernel multiplies dy with the map moved by i rows and j
 * columns. The row shifts go to dy, where they are zero rows above and below (contiguous copies), the
 * column shifts to x; so `kh + kw` copies of a map serve all `kh * kw` taps, and each product is
 * `[kh * out, cells] x [cells, in]` for one image. Measured against one product a tap, one product for
 * all taps, and an ordinary convolution with swapped axes, it is the fastest on the CPU
 * (`npm run bench -- conv-gradient`).
 */
function denseWeightGradient(
  b: GraphBuilder,
  x: Value,
  weight: Value,
  { pads }: ConvAttributes,
  dy: Value,
): Value {
  const [out, inputs, kh, kw] = weight.shape;
  const [n, , oh, ow] = dy.shape;
  const height = oh + kh - 1;
  const padded = padMap(b, x, pads);
  const shiftedDy = Array.from({ length: kh }, (_, i) => padMap(b, dy, [i, 0, kh - 1 - i, 0]));
  const dyRows = b.reshape(b.concat(shiftedDy, 1), [n, kh * out, height * ow]);
  const products = Array.from({ length: kw }, (_, j) => {
    const columns = b.reshape(b.sliceAxis(padded, 3, j, j + ow), [n, inputs, height * ow]);
    return b.reduceSum(b.matmul(dyRows, b.transpose(columns, [0, 2, 1])), [0]);
  });
  const byTap = b.reshape(b.concat(products, 0), [kw, kh, out, inputs]);
  return b.transpose(byTap, [2, 3, 1, 0]);
}

function padMap(b: GraphBuilder, x: Value, pads: Pads2D): Value {
  const needed = pads.some((p) => p > 0);
  return needed ? b.pad(x, [0, 0, pads[0], pads[1]], [0, 0, pads[2], pads[3]]) : x;
}

/** Any stride, dilation and groups: the map under each tap is cut out, then one product a group. */
function tapWeightGradient(
  b: GraphBuilder,
  x: Value,
  weight: Value,
  { strides, pads, dilations, groups }: ConvAttributes,
  dy: Value,
): Value {
  const [out, perGroup, kh, kw] = weight.shape;
  const [n, , oh, ow] = dy.shape;
  const cells = n * oh * ow;
  const padded = padMap(b, x, pads);
  const taps: Value[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const top = i * dilations[0];
      const left = j * dilations[1];
      const under = b.apply('slice', [padded], {
        starts: [0, 0, top, left],
        ends: [n, x.shape[1], top + (oh - 1) * strides[0] + 1, left + (ow - 1) * strides[1] + 1],
        steps: [1, 1, strides[0], strides[1]],
      });
      const split = b.reshape(under, [n, groups, perGroup, oh * ow]);
      taps.push(b.reshape(b.transpose(split, [1, 0, 3, 2]), [groups, cells, perGroup]));
    }
  }
  const dyRows = b.reshape(b.transpose(dy, [1, 0, 2, 3]), [groups, out / groups, cells]);
  const products = b.matmul(dyRows, b.concat(taps, 2));
  const byTap = b.reshape(products, [out, kh * kw, perGroup]);
  return b.reshape(b.transpose(byTap, [0, 2, 1]), weight.shape);
}
