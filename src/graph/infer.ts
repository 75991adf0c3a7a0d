import { broadcastShapes, formatShape, normalizeAxis } from '../tensor/index.js';
import {
  mismatch,
  requireAxis,
  requireDType,
  requireRank,
  requireSameDType,
  requireVector,
  type InferRule,
  type ValueType,
} from './inferRule.js';
import {
  inferMatmul,
  inferConv,
  inferConvTranspose,
  inferConvWeightGradient,
  inferBlockChannels,
  inferUnblockChannels,
  inferBlockedConv,
} from './inferProduct.js';
import {
  inferReshape,
  inferExpand,
  inferTranspose,
  inferSlice,
  inferConcat,
  inferPad,
  inferGather,
  inferScatterAdd,
  inferDepthToSpace,
  inferSpaceToDepth,
} from './inferShape.js';
import type { Value } from './ir.js';
import { arity, type Attributes, type Op } from './operators.js';

export type { ValueType } from './inferRule.js';

const unary: InferRule<Attributes['neg']> = ([x]) => ({
  shape: x.shape,
  dtype: x.dtype,
});

const binary: InferRule<Attributes['add']> = ([a, b]) => {
  requireSameDType(a, b);
  return { shape: broadcastShapes(a.shape, b.shape), dtype: a.dtype };
};

const comparison: InferRule<Attributes['less']> = (inputs) => ({
  shape: binary(inputs, {}).shape,
  dtype: 'bool',
});

const reduction: InferRule<Attributes['reduceSum']> = ([x], { axes }) => {
  axes.forEach((axis) => requireAxis(axis, x.shape.length));
  // ONNX reads no axes as all axes.
  if (axes.length === 0) throw mismatch('an axis', 'none');
  return {
    shape: x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n)),
    dtype: x.dtype,
  };
};

const rules: { readonly [O in Op]: InferRule<Attributes[O]> } = {
  constant: (_, { tensor }) => ({ shape: tensor.shape, dtype: tensor.dtype }),
  neg: unary,
  abs: unary,
  sign: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  sin: unary,
  cos: unary,
  tanh: unary,
  sigmoid: unary,
  erf: unary,
  floor: unary,
  round: unary,
  relu: unary,
  leakyRelu: unary,
  gelu: unary,
  clip: unary,
  cast: ([x], { to }) => ({ shape: x.shape, dtype: to }),
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  pow: binary,
  max: binary,
  min: binary,
  less: comparison,
  greater: comparison,
  equal: comparison,
  where: ([condition, a, b]) => {
    requireDType(condition, 'bool');
    requireSameDType(a, b);
    return {
      shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)),
      dtype: a.dtype,
    };
  },
  reduceSum: reduction,
  reduceMean: reduction,
  reduceMax: reduction,
  softmax: ([x], { axis }) => {
    normalizeAxis(axis, x.shape.length);
    return x;
  },
  groupNorm: ([x, weight, bias], { groups }) => {
    const c = x.shape[1];
    if (c % groups !== 0) throw mismatch(`channels divisible by ${groups} groups`, `${c}`);
    requireVector(x, weight, c);
    requireVector(x, bias, c);
    return x;
  },
  layerNorm: ([x, weight, bias]) => {
    const c = x.shape[x.shape.length - 1];
    requireVector(x, weight, c);
    requireVector(x, bias, c);
    return x;
  },
  resize: ([x], { height, width }) => {
    requireRank(x, 4);
    return { shape: [x.shape[0], x.shape[1], height, width], dtype: x.dtype };
  },
  reshape: inferReshape,
  expand: inferExpand,
  transpose: inferTranspose,
  slice: inferSlice,
  concat: inferConcat,
  pad: inferPad,
  gather: inferGather,
  scatterAdd: inferScatterAdd,
  depthToSpace: inferDepthToSpace,
  spaceToDepth: inferSpaceToDepth,
  matmul: inferMatmul,
  conv: inferConv,
  convTranspose: inferConvTranspose,
  convWeightGradient: inferConvWeightGradient,
  blockChannels: inferBlockChannels,
  unblockChannels: inferUnblockChannels,
  blockedConv: inferBlockedConv,
};

/**
 * The shape and dtype of an operation's result.
 * @throws Error naming the operator, what it expected and what it got.
 */
export function inferType<O extends Op>(
  op: O,
  inputs: readonly (Value | ValueType)[],
  attributes: Attributes[O],
): ValueType {
  const [least, most] = arity[op];
  try {
    if (inputs.length < least || inputs.length > most) {
      throw mismatch(
        least === most ? `${least} operands` : `${least} to ${most} operands`,
        `${inputs.length}`,
      );
    }
    const { shape, dtype } = rules[op](inputs, attributes);
    if (shape.some((n) => !Number.isInteger(n) || n < 1)) {
      throw mismatch('a result of positive size', formatShape(shape));
    }
    return { shape, dtype };
  } catch (error) {
    throw new Error(`${op}: ${(error as Error).message}`, { cause: error });
  }
}
