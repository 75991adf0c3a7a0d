import { toFloat64 } from '../tensor/index.js';
import { erf } from './erf.js';
import {
  evaluateBlockChannels,
  evaluateBlockedConv,
  evaluateUnblockChannels,
} from './evaluateBlocked.js';
import {
  binary,
  comparison,
  evaluateCast,
  evaluateDiv,
  evaluateGelu,
  evaluateWhere,
  roundHalfToEven,
  unary,
} from './evaluateElementwise.js';
import {
  evaluateConv,
  evaluateConvTranspose,
  evaluateConvWeightGradient,
  evaluateMatmul,
} from './evaluateProduct.js';
import {
  evaluateGroupNorm,
  evaluateLayerNorm,
  evaluateSoftmax,
  maximum,
  mean,
  reduction,
  sum,
} from './evaluateReduce.js';
import type { EvaluateRule, Operand } from './evaluateRule.js';
import {
  evaluateConcat,
  evaluateDepthToSpace,
  evaluateSpaceToDepth,
  evaluateExpand,
  evaluateGather,
  evaluatePad,
  evaluateReshape,
  evaluateResize,
  evaluateScatterAdd,
  evaluateSlice,
  evaluateTranspose,
} from './evaluateShape.js';
import type { Node } from './ir.js';
import type { Attributes, Op } from './operators.js';

/**
 * What every operator computes, in float64: the oracle that other executors are compared with. The
 * semantics are ONNX's, except that no float is rounded to its dtype and no integer overflows.
 */
const evaluateRules: { readonly [O in Op]: EvaluateRule<Attributes[O]> } = {
  constant: (_, { tensor }) => toFloat64(tensor),
  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tanh: unary(Math.tanh),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  erf: unary(erf),
  floor: unary(Math.floor),
  round: unary(roundHalfToEven),
  relu: unary((x) => Math.max(x, 0)),
  leakyRelu: ([x], { alpha }) => x.data.map((value) => (value < 0 ? alpha * value : value)),
  gelu: evaluateGelu,
  clip: ([x], { min, max }) => x.data.map((value) => Math.min(Math.max(value, min), max)),
  cast: evaluateCast,

  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: evaluateDiv,
  pow: binary((a, b) => a ** b),
  max: binary((a, b) => Math.max(a, b)),
  min: binary((a, b) => Math.min(a, b)),
  less: comparison((a, b) => a < b),
  greater: comparison((a, b) => a > b),
  equal: comparison((a, b) => a === b),
  where: evaluateWhere,

  reduceSum: reduction(sum),
  reduceMean: reduction(mean),
  reduceMax: reduction(maximum),
  softmax: evaluateSoftmax,

  reshape: evaluateReshape,
  expand: evaluateExpand,
  transpose: evaluateTranspose,
  slice: evaluateSlice,
  concat: evaluateConcat,
  pad: evaluatePad,
  gather: evaluateGather,
  scatterAdd: evaluateScatterAdd,

  matmul: evaluateMatmul,
  conv: evaluateConv,
  convTranspose: evaluateConvTranspose,
  convWeightGradient: evaluateConvWeightGradient,
  blockChannels: evaluateBlockChannels,
  unblockChannels: evaluateUnblockChannels,
  blockedConv: evaluateBlockedConv,
  groupNorm: evaluateGroupNorm,
  layerNorm: evaluateLayerNorm,
  resize: evaluateResize,
  depthToSpace: evaluateDepthToSpace,
  spaceToDepth: evaluateSpaceToDepth,
};

/**
 * The elements of a node's result, given those of its operands.
 * @throws RangeError for an index outside of what it points into.
 */
export function evaluateNode(node: Node, operands: readonly Operand[]): Float64Array {
  return applyRule(node.op, operands, node.attributes, node);
}

function applyRule<O extends Op>(
  op: O,
  operands: readonly Operand[],
  attributes: Attributes[Op],
  { output }: Node,
): Float64Array {
  const rule: EvaluateRule<Attributes[O]> = evaluateRules[op];
  return rule(operands, attributes as Attributes[O], output);
}
