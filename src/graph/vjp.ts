import { elementCount } from '../tensor/index.js';
import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';
import type { Attributes, Op } from './operators.js';
import { blockedConvVjp } from './vjpBlocked.js';
import { convTransposeVjp, convVjp, convWeightGradientVjp } from './vjpConv.js';
import { exactGeluSlope, extremum, tanhGeluSlope } from './vjpElementwise.js';
import { groupNormVjp, layerNormVjp } from './vjpNorm.js';
import { whereReached } from './vjpRelu.js';
import type { Cotangent, VjpRule } from './vjpRule.js';
import { padVjp, resizeVjp, sliceVjp } from './vjpShape.js';

const none = (): null[] => [];

/**
 * The vector-Jacobian products. What they emit are primitives again, so the result can be
 * differentiated once more. Speed notes stand with the rules that have them.
 */
export const vjpRules: { readonly [O in Op]: VjpRule<Attributes[O]> } = {
  constant: none,
  sign: none,
  floor: none,
  round: none,
  less: none,
  greater: none,
  equal: none,

  neg: (b, { dy }) => [b.neg(dy)],
  abs: (b, { inputs: [x], dy }) => [b.mul(dy, b.apply('sign', [x], {}))],
  exp: (b, { output, dy }) => [b.mul(dy, output)],
  log: (b, { inputs: [x], dy }) => [b.div(dy, x)],
  sqrt: (b, { output, dy }) => [b.div(b.scale(dy, 0.5), output)],
  sin: (b, { inputs: [x], dy }) => [b.mul(dy, b.apply('cos', [x], {}))],
  cos: (b, { inputs: [x], dy }) => [b.neg(b.mul(dy, b.apply('sin', [x], {})))],
  tanh: (b, { output, dy }) => [b.mul(dy, b.sub(b.scalar(1, dy.dtype), b.mul(output, output)))],
  sigmoid: (b, { output, dy }) => [b.mul(dy, b.mul(output, b.sub(b.scalar(1, dy.dtype), output)))],
  erf: (b, { inputs: [x], dy }) => {
    const gaussian = b.apply('exp', [b.neg(b.mul(x, x))], {});
    return [b.scale(b.mul(dy, gaussian), 2 / Math.sqrt(Math.PI))];
  },
  relu: (b, { output, dy }) => [whereReached(b, output, dy)],
  leakyRelu: (b, { inputs: [x], attributes: { alpha }, dy }) => {
    const zero = b.scalar(0, x.dtype);
    return [b.apply('where', [b.apply('greater', [x, zero], {}), dy, b.scale(dy, alpha)], {})];
  },
  gelu: (b, { inputs: [x], attributes: { approximate }, dy }) => [
    b.mul(dy, approximate === 'none' ? exactGeluSlope(b, x) : tanhGeluSlope(b, x)),
  ],
  clip: (b, { inputs: [x], output, dy }) => {
    const inside = b.apply('equal', [x, output], {});
    return [b.apply('where', [inside, dy, b.scalar(0, dy.dtype)], {})];
  },
  // Truncated to an integer or a condition, a value has no slope.
  cast: (b, { inputs: [x], dy }) =>
    isFloat(x) && isFloat(dy) ? [b.apply('cast', [dy], { to: x.dtype })] : [],

  add: (b, { inputs: [x, y], dy }) => [b.sumTo(dy, x.shape), b.sumTo(dy, y.shape)],
  sub: (b, { inputs: [x, y], dy, wanted }) => [
    b.sumTo(dy, x.shape),
    wanted[1] ? b.sumTo(b.neg(dy), y.shape) : null,
  ],
  mul: (b, { inputs: [x, y], dy, wanted }) => [
    wanted[0] ? b.sumTo(b.mul(dy, y), x.shape) : null,
    wanted[1] ? b.sumTo(b.mul(dy, x), y.shape) : null,
  ],
  div: (b, { inputs: [x, y], output, dy, wanted }) => {
    const share = b.div(dy, y);
    return [
      wanted[0] ? b.sumTo(share, x.shape) : null,
      wanted[1] ? b.sumTo(b.neg(b.mul(share, output)), y.shape) : null,
    ];
  },
  pow: (b, { inputs: [x, y], output, dy, wanted }) => {
    const lowered = b.apply('pow', [x, b.shift(y, -1)], {});
    return [
      wanted[0] ? b.sumTo(b.mul(dy, b.mul(y, lowered)), x.shape) : null,
      wanted[1] ? b.sumTo(b.mul(dy, b.mul(output, b.apply('log', [x], {}))), y.shape) : null,
    ];
  },
  max: (b, { inputs, dy }) => extremum(b, 'greater', inputs, dy),
  min: (b, { inputs, dy }) => extremum(b, 'less', inputs, dy),
  where: (b, { inputs: [condition, x, y], dy }) => {
    const zero = b.scalar(0, dy.dtype);
    return [
      null,
      b.sumTo(b.apply('where', [condition, dy, zero], {}), x.shape),
      b.sumTo(b.apply('where', [condition, zero, dy], {}), y.shape),
    ];
  },

  reduceSum: (b, { inputs: [x], dy }) => [b.expand(dy, x.shape)],
  reduceMean: (b, { inputs: [x], output, dy }) => {
    const share = elementCount(output.shape) / elementCount(x.shape);
    return [b.expand(b.scale(dy, share), x.shape)];
  },
  // Ties share the gradient equally.
  reduceMax: (b, { inputs: [x], attributes: { axes }, output, dy }) => {
    const reached = b.apply('cast', [b.apply('equal', [x, output], {})], {
      to: x.dtype,
    });
    return [b.mul(b.div(dy, b.reduceSum(reached, axes)), reached)];
  },
  softmax: (b, { attributes: { axis }, output, dy }) => {
    const along = axis < 0 ? axis + output.shape.length : axis;
    const total = b.reduceSum(b.mul(dy, output), [along]);
    return [b.mul(output, b.sub(dy, total))];
  },

  reshape: (b, { inputs: [x], dy }) => [b.reshape(dy, x.shape)],
  expand: (b, { inputs: [x], dy }) => [b.sumTo(dy, x.shape)],
  transpose: (b, { attributes: { perm }, dy }) => [
    b.transpose(
      dy,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
  slice: (b, { inputs: [x], attributes, dy }) => [sliceVjp(b, x.shape, attributes, dy)],
  concat: (b, { inputs, attributes: { axis }, dy }) => {
    let end = 0;
    return inputs.map((input) => {
      const start = end;
      end += input.shape[axis];
      return b.sliceAxis(dy, axis, start, end);
    });
  },
  pad: (b, { inputs: [x], attributes, dy }) => [padVjp(b, x.shape, attributes, dy)],
  gather: (b, { inputs: [data, indices], attributes: { axis }, dy }) => [
    b.apply('scatterAdd', [indices, dy], { axis, size: data.shape[axis] }),
    null,
  ],
  scatterAdd: (b, { inputs: [indices], attributes: { axis }, dy }) => [
    null,
    b.apply('gather', [dy, indices], { axis }),
  ],

  matmul: (b, at) => matmulVjp(b, at),
  conv: convVjp,
  convTranspose: convTransposeVjp,
  convWeightGradient: convWeightGradientVjp,
  blockChannels: (b, { attributes, dy }) => [
    b.apply('unblockChannels', [dy], { ...attributes, to: 'channelsFirst' }),
  ],
  unblockChannels: (b, { attributes: { blockSize, to }, dy }) => {
    const plain = to === 'channelsFirst' ? dy : b.transpose(dy, [0, 3, 1, 2]);
    return [b.apply('blockChannels', [plain], { blockSize })];
  },
  blockedConv: blockedConvVjp,
  groupNorm: groupNormVjp,
  layerNorm: layerNormVjp,
  resize: (b, { inputs: [x], attributes, dy }) => [resizeVjp(b, x.shape, attributes, dy)],
  depthToSpace: (b, { attributes: { blockSize }, dy }) => [b.pixelUnshuffle(dy, blockSize)],
  spaceToDepth: (b, { attributes: { blockSize }, dy }) => [b.pixelShuffle(dy, blockSize)],
};

function matmulVjp(b: GraphBuilder, { inputs: [x, y], dy, wanted }: Cotangent): (Value | null)[] {
  // A weight under a batch: one tall product instead of a batch of products and a sum over it.
  if (y.shape.length === 2 && x.shape.length > 2) {
    const [k, n] = y.shape;
    const rows = elementCount(x.shape) / k;
    const flatX = b.reshape(x, [rows, k]);
    const flatDy = b.reshape(dy, [rows, n]);
    return [
      wanted[0] ? b.reshape(b.matmul(flatDy, swapLast(b, y)), x.shape) : null,
      wanted[1] ? b.matmul(swapLast(b, flatX), flatDy) : null,
    ];
  }
  return [
    wanted[0] ? b.sumTo(b.matmul(dy, swapLast(b, y)), x.shape) : null,
    wanted[1] ? b.sumTo(b.matmul(swapLast(b, x), dy), y.shape) : null,
  ];
}

function swapLast(b: GraphBuilder, x: Value): Value {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => axis);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return b.transpose(x, perm);
}

function isFloat({ dtype }: Value): boolean {
  return dtype.includes('float');
}
