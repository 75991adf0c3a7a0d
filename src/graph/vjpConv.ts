import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';
import type { Attributes, ConvAttributes } from './operators.js';
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

/** What a convolution read, where the gradient came from: the adjoint of a convolution is a transposed one. */
function convInputGradient(
  b: GraphBuilder,
  x: Value,
  weight: Value,
  { strides, pads, dilations, groups }: ConvAttributes,
  dy: Value,
): Value {
  const outputPadding = [0, 1].map((i) => {
    const extent = dilations[i] * (weight.shape[2 + i] - 1);
    const out = (dy.shape[2 + i] - 1) * strides[i] - (pads[i] + pads[i + 2]) + extent + 1;
    return x.shape[2 + i] - out;
  });
  const [bottom, right] = outputPadding;
  return b.convTranspose(dy, weight, null, {
    strides,
    pads,
    dilations,
    groups,
    outputPadding: [bottom, right],
  });
}

function convWeightGradient(
  b: GraphBuilder,
  x: Value,
  weight: Value,
  { strides, pads, dilations, groups }: ConvAttributes,
  dy: Value,
): Value {
  const [, , kh, kw] = weight.shape;
  const attributes = { strides, pads, dilations, groups, kernel: [kh, kw] as const };
  return b.apply('convWeightGradient', [x, dy], attributes);
}

/** It is linear in each operand: in `x` the input's gradient, in `dy` the convolution itself. */
export function convWeightGradientVjp(
  b: GraphBuilder,
  { inputs, attributes, dy: weight, wanted }: Cotangent<Attributes['convWeightGradient']>,
): (Value | null)[] {
  const [x, dy] = inputs;
  const { strides, pads, dilations, groups } = attributes;
  const window = { strides, pads, dilations, groups };
  return [
    wanted[0] ? convInputGradient(b, x, weight, window, dy) : null,
    wanted[1] ? b.conv(x, weight, null, window) : null,
  ];
}
