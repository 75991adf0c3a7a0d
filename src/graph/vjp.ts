import { elementCount, fromFloat64, type Shape } from '../tensor/index.js';
import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';
import type { Attributes, Op } from './operators.js';
import { interpolationMatrix } from './resample.js';
import { blockedConvVjp } from './vjpBlocked.js';
import { whereReached } from './vjpRelu.js';
import { convTransposeVjp, convVjp, convWeightGradientVjp } from './vjpConv.js';
import { groupNormVjp, layerNormVjp } from './vjpNorm.js';
import type { Cotangent, VjpRule } from './vjpRule.js';

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
    const weighted = b.mul(dy, output);
    const total = b.reduceSum(weighted, [axis < 0 ? axis + output.shape.length : axis]);
    return [b.sub(weighted, b.mul(output, total))];
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

function exactGeluSlope(b: GraphBuilder, x: Value): Value {
  const erf = b.apply('erf', [b.scale(x, Math.SQRT1_2)], {});
  const cumulative = b.shift(b.scale(erf, 0.5), 0.5);
  const density = b.scale(
    b.apply('exp', [b.scale(b.mul(x, x), -0.5)], {}),
    1 / Math.sqrt(2 * Math.PI),
  );
  return b.add(cumulative, b.mul(x, density));
}

function tanhGeluSlope(b: GraphBuilder, x: Value): Value {
  const k = Math.sqrt(2 / Math.PI);
  const squared = b.mul(x, x);
  const argument = b.mul(x, b.shift(b.scale(squared, 0.044715 * k), k));
  const tanh = b.apply('tanh', [argument], {});
  const slope = b.shift(b.scale(squared, 3 * 0.044715 * k), k);
  const bend = b.mul(b.sub(b.scalar(1, x.dtype), b.mul(tanh, tanh)), b.mul(x, slope));
  return b.scale(b.add(b.shift(tanh, 1), bend), 0.5);
}

/** The gradient goes to the operand that won; at a tie, half to each. */
function extremum(
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

function sliceVjp(
  b: GraphBuilder,
  shape: Shape,
  { starts, ends, steps }: Attributes['slice'],
  dy: Value,
): Value {
  const plain = steps.every((step) => step === 1);
  if (plain)
    return b.pad(
      dy,
      starts,
      shape.map((n, axis) => n - ends[axis]),
    );
  // Strided or reversed: one axis at a time, rows scattered back to where they came from.
  return shape.reduce((grad, n, axis) => {
    if (starts[axis] === 0 && ends[axis] === n && steps[axis] === 1) return grad;
    const rows = Array.from({ length: grad.shape[axis] }, (_, i) =>
      BigInt(starts[axis] + i * steps[axis]),
    );
    const indices = b.constant({
      dtype: 'int64',
      shape: [rows.length],
      data: BigInt64Array.from(rows),
    });
    return b.apply('scatterAdd', [indices, grad], { axis, size: n });
  }, dy);
}

function padVjp(
  b: GraphBuilder,
  shape: Shape,
  { before, after, mode }: Attributes['pad'],
  dy: Value,
): Value {
  if (mode === 'constant' && [...before, ...after].some((length) => length < 0)) {
    return b.pad(dy, before.map((length) => -length), after.map((length) => -length)); // prettier-ignore
  }
  if (mode === 'constant') {
    return b.apply('slice', [dy], {
      starts: before,
      ends: shape.map((n, axis) => before[axis] + n),
      steps: shape.map(() => 1),
    });
  }
  // Every padded row is a copy of an inner one: send its gradient there.
  return shape.reduce((grad, n, axis) => {
    if (before[axis] === 0 && after[axis] === 0) return grad;
    const rows = Array.from({ length: grad.shape[axis] }, (_, i) => {
      const source = i - before[axis];
      if (mode === 'edge') return Math.min(Math.max(source, 0), n - 1);
      return source < 0 ? -source : source >= n ? 2 * (n - 1) - source : source;
    });
    const indices = b.constant({
      dtype: 'int64',
      shape: [rows.length],
      data: BigInt64Array.from(rows, BigInt),
    });
    return b.apply('scatterAdd', [indices, grad], { axis, size: n });
  }, dy);
}

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

/** Both modes are linear and separable, y = A x B'; the adjoint is A' dy B. */
function resizeVjp(
  b: GraphBuilder,
  shape: Shape,
  { mode, height, width }: Attributes['resize'],
  dy: Value,
): Value {
  const [n, c, h, w] = shape;
  if (mode === 'nearest' && height % h === 0 && width % w === 0) {
    const blocks = b.reshape(dy, [n, c, h, height / h, w, width / w]);
    return b.reshape(b.reduceSum(blocks, [3, 5]), shape);
  }
  const matrix = (inLength: number, outLength: number): Value => {
    const numbers = interpolationMatrix(mode, inLength, outLength);
    return b.constant(fromFloat64(dy.dtype, [outLength, inLength], numbers));
  };
  return b.matmul(b.matmul(b.transpose(matrix(h, height), [1, 0]), dy), matrix(w, width));
}

function isFloat({ dtype }: Value): boolean {
  return dtype.includes('float');
}
