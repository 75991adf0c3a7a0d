import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';

export function exactGeluSlope(b: GraphBuilder, x: Value): Value {
  const erf = b.apply('erf', [b.scale(x, Math.SQRT1_2)], {});
  const cumulative = b.shift(b.scale(erf, 0.5), 0.5);
  const density = b.scale(
    b.apply('exp', [b.scale(b.mul(x, x), -0.5)], {}),
    1 / Math.sqrt(2 * Math.PI),
  );
  return b.add(cumulative, b.mul(x, density));
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
