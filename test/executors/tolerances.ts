import { toFloat64, type Tensor } from '../../src/tensor/index.js';
import type { Op } from '../../src/graph/index.js';

/** Moves or selects numbers without computing any. */
const exact = 0;
/** One correctly rounded float32 operation. */
const rounded = 2 ** -23;
/** Functions that a backend approximates. */
const approximated = 2e-6;
/** Sums of products or statistics, in an order the backend chooses. */
const accumulated = 5e-6;

/**
 * How far a float32 backend may be from the float64 oracle on the cases of this folder, as
 * `largestError` measures it.
 */
export const tolerances: { readonly [O in Op]: number } = {
  constant: exact,
  neg: exact,
  abs: exact,
  sign: exact,
  exp: approximated,
  log: approximated,
  sqrt: rounded,
  sin: approximated,
  cos: approximated,
  tanh: approximated,
  sigmoid: approximated,
  erf: approximated,
  floor: exact,
  round: exact,
  relu: exact,
  leakyRelu: rounded,
  gelu: approximated,
  clip: exact,
  cast: exact,
  add: rounded,
  sub: rounded,
  mul: rounded,
  div: rounded,
  pow: approximated,
  max: exact,
  min: exact,
  less: exact,
  greater: exact,
  equal: exact,
  where: exact,
  reduceSum: accumulated,
  reduceMean: accumulated,
  reduceMax: exact,
  softmax: approximated,
  reshape: exact,
  expand: exact,
  transpose: exact,
  slice: exact,
  concat: exact,
  pad: exact,
  gather: exact,
  scatterAdd: accumulated,
  matmul: accumulated,
  conv: accumulated,
  convTranspose: accumulated,
  convWeightGradient: accumulated,
  blockChannels: 0,
  unblockChannels: 0,
  blockedConv: accumulated,
  groupNorm: accumulated,
  layerNorm: accumulated,
  resize: approximated,
  depthToSpace: exact,
  spaceToDepth: exact,
};

/**
 * The largest |got - expected|, over the larger of 1 and the largest |expected|; NaN if any
 * difference is.
 */
export function largestError(got: Tensor, expected: Tensor): number {
  const [left, right] = [toFloat64(got), toFloat64(expected)];
  if (left.length !== right.length) return Infinity;
  const scale = right.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return left.reduce((most, value, i) => Math.max(most, Math.abs(value - right[i])), 0) / scale;
}
