import type { Attributes, Op, Value } from '../graph/index.js';
import { fromFloat64 } from '../tensor/index.js';
import { emitBlockChannels, emitBlockedConv, emitUnblockChannels } from './emitBlocked.js';
import {
  emitConvWeightGradient,
  emitGroupNorm,
  emitResize,
  emitScatterAdd,
  emitSlice,
  emitSpaceToDepth,
} from './emitComposite.js';
import { integers, type EmitRule } from './emitRule.js';
import { onnxDataType, type AttributeValue } from './proto.js';

/** An operator that ONNX has under this name, with the same operands and no attributes. */
function plain(opType: string): EmitRule<unknown> {
  return (emit, { inputs, result }) => void emit.node(opType, inputs, {}, result);
}

function reduce(opType: string): EmitRule<{ readonly axes: readonly number[] }> {
  return (emit, { inputs, attributes, result }) =>
    void emit.node(opType, [...inputs, integers(emit, attributes.axes)], { keepdims: 1 }, result);
}

/** How each operator of a graph is written in ONNX. */
export type EmitRules = { readonly [O in Op]: EmitRule<Attributes[O]> };

/** The total table graph operator -> ONNX nodes (opset 21). */
export const emitRules: EmitRules = {
  constant: (emit, { attributes: { tensor }, result }) =>
    void emit.node('Constant', [], { value: { tensor } }, result),
  neg: plain('Neg'),
  abs: plain('Abs'),
  sign: plain('Sign'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  sin: plain('Sin'),
  cos: plain('Cos'),
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  erf: plain('Erf'),
  floor: plain('Floor'),
  round: plain('Round'),
  relu: plain('Relu'),
  leakyRelu: (emit, { inputs, attributes, result }) =>
    void emit.node('LeakyRelu', inputs, { alpha: { float: attributes.alpha } }, result),
  gelu: (emit, { inputs, attributes, result }) =>
    void emit.node('Gelu', inputs, { approximate: attributes.approximate }, result),
  clip: (emit, { inputs, output, attributes: { min, max }, result }) => {
    const bound = (value: number): string =>
      Number.isFinite(value) ? emit.literal(fromFloat64(output.dtype, [], [value])) : '';
    emit.node('Clip', [...inputs, bound(min), bound(max)], {}, result);
  },
  cast: (emit, { inputs, attributes, result }) =>
    void emit.node('Cast', inputs, { to: onnxDataType[attributes.to] }, result),
  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  pow: plain('Pow'),
  max: plain('Max'),
  min: plain('Min'),
  less: plain('Less'),
  greater: plain('Greater'),
  equal: plain('Equal'),
  where: plain('Where'),
  reduceSum: reduce('ReduceSum'),
  reduceMean: reduce('ReduceMean'),
  reduceMax: reduce('ReduceMax'),
  softmax: (emit, { inputs, attributes, result }) =>
    void emit.node('Softmax', inputs, { axis: attributes.axis }, result),
  reshape: (emit, { inputs, attributes, result }) =>
    void emit.node('Reshape', [...inputs, integers(emit, attributes.shape)], {}, result),
  expand: (emit, { inputs, attributes, result }) =>
    void emit.node('Expand', [...inputs, integers(emit, attributes.shape)], {}, result),
  transpose: (emit, { inputs, attributes, result }) =>
    void emit.node('Transpose', inputs, { perm: attributes.perm }, result),
  slice: emitSlice,
  concat: (emit, { inputs, attributes, result }) =>
    void emit.node('Concat', inputs, { axis: attributes.axis }, result),
  pad: (emit, { inputs, attributes: { before, after, mode }, result }) =>
    void emit.node('Pad', [...inputs, integers(emit, [...before, ...after])], { mode }, result),
  gather: (emit, { inputs, attributes, result }) =>
    void emit.node('Gather', inputs, { axis: attributes.axis }, result),
  scatterAdd: emitScatterAdd,
  matmul: plain('MatMul'),
  conv: (emit, { inputs, operands, attributes, result }) =>
    void emit.node('Conv', inputs, convAttributes(attributes, operands[1]), result),
  convTranspose: (emit, { inputs, operands, attributes, result }) => {
    const padding = { output_padding: attributes.outputPadding };
    const common = convAttributes(attributes, operands[1]);
    emit.node('ConvTranspose', inputs, { ...common, ...padding }, result);
  },
  convWeightGradient: emitConvWeightGradient,
  blockChannels: emitBlockChannels,
  unblockChannels: emitUnblockChannels,
  blockedConv: emitBlockedConv,
  groupNorm: emitGroupNorm,
  layerNorm: (emit, { inputs, attributes, result }) =>
    void emit.node(
      'LayerNormalization',
      inputs,
      { axis: -1, epsilon: { float: attributes.eps } },
      result,
    ),
  resize: emitResize,
  depthToSpace: (emit, { inputs, attributes, result }) =>
    void emit.node(
      'DepthToSpace',
      inputs,
      { blocksize: attributes.blockSize, mode: 'CRD' },
      result,
    ),
  spaceToDepth: emitSpaceToDepth,
};

function convAttributes(
  { strides, pads, dilations, groups }: Attributes['conv'],
  weight: Value,
): Record<string, AttributeValue> {
  return { strides, pads, dilations, group: groups, kernel_shape: weight.shape.slice(2) };
}
