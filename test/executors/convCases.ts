import {
  inferType,
  type ConvAttributes,
  type ConvTransposeAttributes,
  type ConvWeightGradientAttributes,
} from '../../src/graph/index.js';
import { normal, type Operand } from './operands.js';

type Case<A> = readonly [variant: string, operands: Record<string, Operand>, attributes: A];

const plain: ConvAttributes = {
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  groups: 1,
};

/** `shapes` are those of the map, the weight and, where there is one, the bias. */
function conv(
  variant: string,
  shapes: readonly (readonly number[])[],
  attributes: Partial<ConvAttributes> = {},
): Case<ConvAttributes> {
  return [variant, operandsOf(shapes), { ...plain, ...attributes }];
}

function convTranspose(
  variant: string,
  shapes: readonly (readonly number[])[],
  attributes: Partial<ConvTransposeAttributes> = {},
): Case<ConvTransposeAttributes> {
  return [variant, operandsOf(shapes), { ...plain, outputPadding: [0, 0], ...attributes }];
}

function operandsOf([x, weight, bias]: readonly (readonly number[])[]): Record<string, Operand> {
  const operands = { x: normal(x), weight: normal(weight) };
  return bias ? { ...operands, bias: normal(bias) } : operands;
}

export const convCases: readonly Case<ConvAttributes>[] = [
  conv('3x3, same size', [[2, 3, 5, 4], [4, 3, 3, 3], [4]], { pads: [1, 1, 1, 1] }),
  conv('3x3, no padding, no bias', [[2, 3, 5, 6], [4, 3, 3, 3]]),
  conv('1x1', [[2, 3, 4, 5], [4, 3, 1, 1], [4]]),
  conv('1x1, stride 2', [[2, 3, 5, 6], [4, 3, 1, 1]], { strides: [2, 2] }),
  conv('padding beyond the kernel', [[1, 2, 3, 3], [2, 2, 2, 2]], { pads: [2, 0, 1, 3] }),
  conv('stride 2, padded right and below', [[2, 2, 6, 6], [3, 2, 3, 3], [3]], {
    strides: [2, 2],
    pads: [0, 0, 1, 1],
  }),
  conv('stride 2 with rows left over', [[1, 2, 7, 8], [3, 2, 3, 3]], { strides: [2, 3] }),
  conv('asymmetric padding', [[1, 2, 5, 4], [3, 2, 3, 3], [3]], { pads: [2, 0, 1, 2] }),
  conv('dilation', [[2, 2, 7, 8], [3, 2, 3, 3]], { dilations: [2, 3], pads: [1, 2, 2, 1] }),
  conv('stride and dilation', [[1, 2, 9, 8], [2, 2, 3, 2], [2]], {
    strides: [2, 1],
    dilations: [2, 2],
    pads: [1, 0, 1, 1],
  }),
  conv('groups', [[2, 6, 5, 4], [4, 3, 3, 3], [4]], { groups: 2, pads: [1, 1, 1, 1] }),
  conv('groups, stride 2', [[2, 4, 6, 5], [6, 2, 3, 3]], { groups: 2, strides: [2, 2] }),
  conv('depthwise', [[2, 4, 5, 5], [4, 1, 3, 3], [4]], { groups: 4, pads: [1, 1, 1, 1] }),
  conv('even kernel', [[1, 2, 6, 5], [3, 2, 4, 2], [3]], { pads: [1, 0, 2, 1] }),
  conv('patches', [[1, 3, 4, 6], [5, 3, 2, 2], [5]], { strides: [2, 2] }),
  conv('a row and a column', [[1, 2, 5, 6], [2, 2, 1, 5]], { pads: [0, 2, 0, 2] }),
]; // prettier-ignore

export const convTransposeCases: readonly Case<ConvTransposeAttributes>[] = [
  convTranspose('stride 2', [[2, 3, 3, 4], [3, 2, 4, 4], [2]], {
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  }),
  convTranspose('stride 1', [[1, 3, 4, 3], [3, 2, 3, 3], [2]], { pads: [1, 1, 1, 1] }),
  convTranspose('blocks, no bias', [[2, 3, 3, 2], [3, 2, 2, 2]], { strides: [2, 2] }),
  convTranspose('output padding', [[1, 2, 3, 3], [2, 3, 3, 3], [3]], {
    strides: [2, 3],
    pads: [1, 1, 1, 1],
    outputPadding: [1, 2],
  }),
  convTranspose('asymmetric padding', [[1, 2, 4, 3], [2, 2, 3, 4]], {
    strides: [2, 1],
    pads: [0, 1, 2, 1],
  }),
  convTranspose('groups', [[2, 4, 3, 3], [4, 3, 3, 3], [6]], {
    groups: 2,
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    outputPadding: [1, 1],
  }),
  convTranspose('depthwise', [[1, 3, 4, 4], [3, 1, 3, 3]], { groups: 3, pads: [1, 1, 1, 1] }),
  convTranspose('dilation', [[1, 2, 3, 4], [2, 2, 3, 2], [2]], {
    strides: [2, 1],
    dilations: [2, 3],
  }),
  convTranspose('1x1', [[2, 3, 2, 3], [3, 4, 1, 1], [4]]),
]; // prettier-ignore

/** What leads to the weights of the convolutions above. */
export const convWeightGradientCases: readonly Case<ConvWeightGradientAttributes>[] = convCases.map(
  ([variant, { x, weight }, attributes]) => {
    const { shape } = inferType('conv', [x, weight], attributes);
    const [, , kh, kw] = weight.shape;
    return [variant, { x, dy: normal(shape) }, { ...attributes, kernel: [kh, kw] }];
  },
);
