import { elementCount } from '../tensor/index.js';
import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';
import type { Attributes } from './operators.js';
import type { Cotangent } from './vjpRule.js';

/** Statistics over the last axis: rows without their mean, and one over their standard deviation. */
function centre(b: GraphBuilder, rows: Value, eps: number): { centered: Value; inverseStd: Value } {
  const axis = rows.shape.length - 1;
  const centered = b.sub(rows, b.reduceMean(rows, [axis]));
  const variance = b.reduceMean(b.mul(centered, centered), [axis]);
  const std = b.apply('sqrt', [b.shift(variance, eps)], {});
  return { centered, inverseStd: b.div(b.scalar(1, rows.dtype), std) };
}

/** d/dx of the normalisation: (g - mean(g) - xHat mean(g xHat)) / std, means over the last axis. */
function normalizationVjp(b: GraphBuilder, xHat: Value, inverseStd: Value, g: Value): Value {
  const axis = g.shape.length - 1;
  const projected = b.mul(xHat, b.reduceMean(b.mul(g, xHat), [axis]));
  return b.mul(inverseStd, b.sub(b.sub(g, b.reduceMean(g, [axis])), projected));
}

/**
 * With sums over each channel first, of dy and of dy times the centred map, everything else but three passes is of a
 * size of channels: dx = w dy / std - (centred * slope + offset) for two numbers a group.
 */
export function groupNormVjp(
  b: GraphBuilder,
  at: Cotangent<Attributes['groupNorm']>,
): (Value | null)[] {
  const { inputs, attributes, dy } = at;
  const [x, weight] = inputs;
  const { groups } = attributes;
  const [n, c] = x.shape;
  const area = elementCount(x.shape) / (n * c);
  const share = 1 / (area * (c / groups));
  const rows = b.reshape(x, [n, groups, area * (c / groups)]);
  const { centered, inverseStd } = centre(b, rows, attributes.eps);
  const dyRows = b.reshape(dy, [n, c, area]);
  const byGroup = [n, groups, c / groups];
  const sums = (values: Value): Value => b.reshape(b.reduceSum(values, [2]), byGroup);
  const dySums = sums(dyRows);
  const products = sums(b.mul(dyRows, b.reshape(centered, dyRows.shape)));
  const weights = b.reshape(weight, [1, groups, c / groups]);
  const scale = b.reshape(b.mul(inverseStd, weights), [n, c, 1]);
  const meanOf = (values: Value): Value =>
    b.mul(inverseStd, b.scale(b.reduceSum(b.mul(values, weights), [2]), share));
  const slope = b.mul(meanOf(products), b.mul(inverseStd, inverseStd));
  const common = b.add(b.mul(centered, slope), meanOf(dySums));
  const dx = b.sub(b.mul(dyRows, scale), b.reshape(common, dyRows.shape));
  return [
    b.reshape(dx, x.shape),
    b.reshape(b.reduceSum(b.mul(products, inverseStd), [0]), [c]),
    b.reshape(b.reduceSum(dySums, [0]), [c]),
  ];
}

export function layerNormVjp(
  b: GraphBuilder,
  at: Cotangent<Attributes['layerNorm']>,
): (Value | null)[] {
  const { inputs, attributes, dy } = at;
  const [x, weight] = inputs;
  const { centered, inverseStd } = centre(b, x, attributes.eps);
  const xHat = b.mul(centered, inverseStd);
  const dx = normalizationVjp(b, xHat, inverseStd, b.mul(dy, weight));
  return [dx, b.sumTo(b.mul(dy, xHat), weight.shape), b.sumTo(dy, weight.shape)];
}
