import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';

/**
 * Half of 1 + erf(z) + 2z / sqrt(pi) exp(-z²), for z = x / sqrt(2). The factor before the exponential is in its exponent: each pass
 * over a map counts.
 */
export function exactGeluSlope(b: GraphBuilder, x: Value): Value {
  const z = b.scale(x, Math.SQRT1_2);
  const logarithm = b.scalar(Math.log(2 / Math.sqrt(Math.PI)), x.dtype);
  const density = b.apply('exp', [b.sub(logarithm, b.mul(z, z))], {});
  const sum = b.add(b.apply('erf', [z], {}), b.mul(z, density));
  return b.scale(b.shift(sum, 1), 0.5);
}

export function tanhGeluSlope(b: GraphBuilder, x: Value): Value {
  const k = Math.sqrt(2 / Math.PI);
  const squared = b.mul(x, x);
  const argument = b.mul(x, b.shift(b.scale(squared, 0.044715 * k), k));
  const tanh = b.apply('tanh', [argument], {});
  const slope = b.shift(b.scale(squared, 3 * 0.044715 * k), k);
  const bend = b.mul(b.sub(b.scalar(1, x.dtype), b.mul(tanh, tanh)), b.mul(x, slope));
  return b.scale(b.add(b.shift(tanh, 1), bend), 0.5);
}

/** The gradient goes to the operand that won; at a tie, half to each. */
export function extremum(
  b: GraphBuilder,
  wins: 'greater' | 'less',
  [x, y]: readonly Value[],
  dy: Value,
): Value[] {
  const asNumber = (condition: Value): Value => b.apply('cast', [condition], { to: dy.dtype });
  const half = b.scale(asNumber(b.apply('equal', [x, y], {})), 0.5);
  const toX = b.add(asNumber(b.apply(wins, [x, y], {})), half);
  const toY = b.add(asNumber(b.apply(wins, [y, x], {})), half);
  return [b.sumTo(b.mul(dy, toX), x.shape), b.sumTo(b.mul(dy, toY), y.shape)];
}
