import { elementCount } from '../tensor/index.js';
import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';
import type { Attributes } from './operators.js';
import type { Cotangent } from './vjpRule.js';

/** Statistics over the last axis: the normalised rows and one over their standard deviation. */
function standardize(
  b: GraphBuilder,
  rows: Value,
  eps: number,
): { xHat: Value; inverseStd: Value } {
  const axis = rows.shape.length - 1;
  const centered = b.sub(rows, b.reduceMean(rows, [axis]));
  const variance = b.reduceMean(b.mul(centered, centered), [axis]);
  const std = b.apply('sqrt', [b.shift(variance, eps)], {});
  const inverseStd = b.div(b.scalar(1, rows.dtype), std);
  return { xHat: b.mul(centered, inverseStd), inverseStd };
}

/** d/dx of the normalisation: (g - mean(g) - xHat mean(g xHat)) / std, means over the last axis. */
function normalizationVjp(b: GraphBuilder, xHat: Value, inverseStd: Value, g: Value): Value {
  const axis = g.shape.length - 1;
  const projected = b.mul(xHat, b.reduceMean(b.mul(g, xHat), [axis]));
  return b.mul(inverseStd, b.sub(b.sub(g, b.reduceMean(g, [axis])), projected));
}

export function groupNormVjp(
  b: GraphBuilder,
  at: Cotangent<Attributes['groupNorm']>,
): (Value | null)[] {
  const { inputs, attributes, dy } = at;
  const [x, weight] = inputs;
  const [n, c] = x.shape;
  const area = elementCount(x.shape) / (n * c);
  const rows = b.reshape(x, [
    n,
    attributes.groups,
    elementCount(x.shape) / (n * attributes.groups),
  ]);
  const { xHat, inverseStd } = standardize(b, rows, attributes.eps);
  const byChannel = [n, c, area];
  const dyRows = b.reshape(dy, byChannel);
  const scaled = b.mul(dyRows, b.reshape(weight, [1, c, 1]));
  const dx = normalizationVjp(b, xHat, inverseStd, b.reshape(scaled, rows.shape));
  const dWeight = b.reduceSum(b.mul(dyRows, b.reshape(xHat, byChannel)), [0, 2]);
  return [
    b.reshape(dx, x.shape),
    b.reshape(dWeight, [c]),
    b.reshape(b.reduceSum(dyRows, [0, 2]), [c]),
  ];
}

export function layerNormVjp(
  b: GraphBuilder,
  at: Cotangent<Attributes['layerNorm']>,
): (Value | null)[] {
  const { inputs, attributes, dy } = at;
  const [x, weight] = inputs;
  const { xHat, inverseStd } = standardize(b, x, attributes.eps);
  const dx = normalizationVjp(b, xHat, inverseStd, b.mul(dy, weight));
  return [dx, b.sumTo(b.mul(dy, xHat), weight.shape), b.sumTo(dy, weight.shape)];
}
