import type { DType } from '../tensor/index.js';
import { erfc } from './erf.js';
import type { EvaluateRule } from './evaluateRule.js';
import type { Attributes } from './operators.js';
import { broadcastTo } from './strided.js';

const integers: ReadonlySet<DType> = new Set<DType>(['int64', 'int32', 'uint8']);

/** A function of each element. */
export function unary(f: (x: number) => number): EvaluateRule<unknown> {
  return ([x]) => x.data.map((value) => f(value));
}

/** A function of each pair of elements, after broadcasting. */
export function binary(f: (a: number, b: number) => number): EvaluateRule<unknown> {
  return ([a, b], _, { shape }) => {
    const right = broadcastTo(b, shape);
    return broadcastTo(a, shape).map((left, i) => f(left, right[i]));
  };
}

/** A comparison: 1 where it holds. */
export function comparison(holds: (a: number, b: number) => boolean): EvaluateRule<unknown> {
  return binary((a, b) => (holds(a, b) ? 1 : 0));
}

const quotient = binary((a, b) => a / b);

/** Integers divide towards zero, as in ONNX. */
export const evaluateDiv: EvaluateRule<Attributes['div']> = (operands, attributes, result) => {
  const quotients = quotient(operands, attributes, result);
  return integers.has(result.dtype) ? quotients.map(Math.trunc) : quotients;
};

export const evaluateWhere: EvaluateRule<Attributes['where']> = (operands, _, { shape }) => {
  const [condition, a, b] = operands.map((operand) => broadcastTo(operand, shape));
  return condition.map((holds, i) => (holds !== 0 ? a[i] : b[i]));
};

/** To a float nothing is rounded: the oracle computes as if every float were exact. */
export const evaluateCast: EvaluateRule<Attributes['cast']> = ([x], { to }) => {
  if (to === 'bool') return x.data.map((value) => (value !== 0 ? 1 : 0));
  return integers.has(to) ? x.data.map(Math.trunc) : x.data.slice();
};

export const evaluateGelu: EvaluateRule<Attributes['gelu']> = ([x], { approximate }) =>
  x.data.map((value) => (approximate === 'none' ? exactGelu(value) : tanhGelu(value)));

function exactGelu(x: number): number {
  return (x / 2) * erfc(-x * Math.SQRT1_2);
}

function tanhGelu(x: number): number {
  return (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** To the nearest integer, ties to even. */
export function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
