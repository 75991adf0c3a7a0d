import {
  broadcastShapes,
  elementCount,
  formatShape,
  normalizeAxis,
  sameShape,
  type DType,
  type Shape,
} from '../tensor/index.js';
import type { Value } from './ir.js';
import { arity, type Attributes, type ConvAttributes, type Op } from './operators.js';

export interface ValueType {
  readonly shape: Shape;
  readonly dtype: DType;
}

type InferRule<A> = (inputs: readonly ValueType[], attributes: A) => ValueType;

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
  reshape: ([x], { shape }) => {
    if (elementCount(shape) !== elementCount(x.shape)) {
      throw mismatch(
        `${elementCount(x.shape)} elements as in ${formatShape(x.shape)}`,
        formatShape(shape),
      );
    }
    return { shape, dtype: x.dtype };
  },
  expand: ([x], { shape }) => {
    const broadcast = broadcastShapes(x.shape, shape);
    if (formatShape(broadcast) !== formatShape(shape)) {
      throw mismatch(`a shape that ${formatShape(x.shape)} expands to`, formatShape(shape));
    }
    return { shape, dtype: x.dtype };
  },
  transpose: ([x], { perm }) => {
    const sorted = [...perm].sort((a, b) => a - b);
    if (perm.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
      throw mismatch(`a permutation of the axes of ${formatShape(x.shape)}`, formatShape(perm));
    }
    return { shape: perm.map((axis) => x.shape[axis]), dtype: x.dtype };
  },
  slice: ([x], { starts, ends, steps }) => ({
    shape: x.shape.map((n, axis) => sliceLength(n, starts[axis], ends[axis], steps[axis])),
    dtype: x.dtype,
  }),
  concat: (inputs, { axis }) => {
    const [first] = inputs;
    requireAxis(axis, first.shape.length);
    for (const input of inputs) {
      requireSameDType(first, input);
      const fits =
        input.shape.length === first.shape.length &&
        input.shape.every((n, i) => i === axis || n === first.shape[i]);
      if (!fits)
        throw mismatch(`${formatShape(first.shape)} off axis ${axis}`, formatShape(input.shape));
    }
    const length = inputs.reduce((sum, input) => sum + input.shape[axis], 0);
    return {
      shape: first.shape.map((n, i) => (i === axis ? length : n)),
      dtype: first.dtype,
    };
  },
  pad: ([x], { before, after, mode }) => {
    x.shape.forEach((n, axis) => {
      const least = mode === 'constant' ? -Infinity : 0;
      const most = mode === 'reflect' ? n - 1 : Infinity;
      const counts = [before[axis], after[axis]];
      if (!counts.every((count) => count >= least && count <= most)) {
        throw mismatch(`padding of axis ${axis} in [${least}, ${most}]`, formatShape(counts));
      }
      const cropped = counts.reduce((sum, count) => sum + Math.max(0, -count), 0);
      if (cropped >= n)
        throw mismatch(`axis ${axis} to keep some of its ${n}`, formatShape(counts));
    });
    return {
      shape: x.shape.map((n, axis) => n + before[axis] + after[axis]),
      dtype: x.dtype,
    };
  },
  gather: ([data, indices], { axis }) => {
    requireDType(indices, 'int64');
    requireAxis(axis, data.shape.length);
    return {
      shape: [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)],
      dtype: data.dtype,
    };
  },
  scatterAdd: ([indices, updates], { axis, size }) => {
    requireDType(indices, 'int64');
    const rank = indices.shape.length;
    const rows = updates.shape.slice(axis, axis + rank);
    if (axis < 0 || !sameShape(rows, indices.shape)) {
      throw mismatch(
        `${formatShape(indices.shape)} at axis ${axis} of the updates`,
        formatShape(updates.shape),
      );
    }
    return {
      shape: [...updates.shape.slice(0, axis), size, ...updates.shape.slice(axis + rank)],
      dtype: updates.dtype,
    };
  },
  matmul: ([a, b]) => {
    requireSameDType(a, b);
    const [m, k] = a.shape.slice(-2);
    const [k2, n] = b.shape.slice(-2);
    if (a.shape.length < 2 || b.shape.length < 2 || k !== k2) {
      throw mismatch(
        `[..., m, k] and [..., k, n]`,
        `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return { shape: [...batch, m, n], dtype: a.dtype };
  },
  conv: ([x, weight, bias], attributes) => {
    requireRank(x, 4);
    requireRank(weight, 4);
    requireSameDType(x, weight);
    const [n, c] = x.shape;
    const [out, inPerGroup] = weight.shape;
    const { groups } = attributes;
    if (c !== inPerGroup * groups || out % groups !== 0) {
      throw mismatch(
        `weight [out, ${c / groups}, kh, kw] for ${groups} groups`,
        formatShape(weight.shape),
      );
    }
    requireVector(x, bias, out);
    return {
      shape: [n, out, ...[0, 1].map((i) => convLength(x, weight, attributes, i))],
      dtype: x.dtype,
    };
  },
  convTranspose: ([x, weight, bias], attributes) => {
    requireRank(x, 4);
    requireRank(weight, 4);
    requireSameDType(x, weight);
    const [n, c] = x.shape;
    const [input, outPerGroup] = weight.shape;
    const { strides, pads, dilations, outputPadding, groups } = attributes;
    if (c !== input || c % groups !== 0) {
      throw mismatch(
        `weight [${c}, out / groups, kh, kw] for ${groups} groups`,
        formatShape(weight.shape),
      );
    }
    if (outputPadding.some((padding, i) => padding >= strides[i])) {
      throw mismatch(
        `output padding below the strides ${formatShape(strides)}`,
        formatShape(outputPadding),
      );
    }
    requireVector(x, bias, outPerGroup * groups);
    const spatial = [0, 1].map(
      (i) =>
        (x.shape[2 + i] - 1) * strides[i] -
        (pads[i] + pads[i + 2]) +
        dilations[i] * (weight.shape[2 + i] - 1) +
        outputPadding[i] +
        1,
    );
    return { shape: [n, outPerGroup * groups, ...spatial], dtype: x.dtype };
  },
  convWeightGradient: ([x, dy], { kernel, groups, ...window }) => {
    requireRank(x, 4);
    requireRank(dy, 4);
    requireSameDType(x, dy);
    const [n, c] = x.shape;
    const weight = { shape: [dy.shape[1], c / groups, ...kernel], dtype: x.dtype };
    const lengths = [0, 1].map((i) => convLength(x, weight, window, i));
    const wanted = [n, dy.shape[1], ...lengths];
    if (!sameShape(dy.shape, wanted)) throw mismatch(formatShape(wanted), formatShape(dy.shape));
    if (dy.shape[1] % groups !== 0) {
      throw mismatch(`channels divisible by ${groups} groups`, `${dy.shape[1]}`);
    }
    return weight;
  },
  blockChannels: requireBlocks,
  unblockChannels: ([x], { blockSize, to }) => {
    const [n, c, h, w] = requireBlocks([x], { blockSize }).shape;
    return { shape: to === 'channelsFirst' ? x.shape : [n, h, w, c], dtype: x.dtype };
  },
  blockedConv: ([x, weight, bias, added], attributes) => {
    requireBlocks([x], attributes);
    requireBlocks([weight], attributes);
    const [out, channels] = weight.shape;
    if (x.shape[1] !== channels || out % attributes.blockSize !== 0) {
      throw mismatch(`weight [whole blocks, ${x.shape[1]}, kh, kw]`, formatShape(weight.shape));
    }
    requireSameDType(x, weight);
    requireVector(x, bias, out);
    const lengths = [0, 1].map((i) => convLength(x, weight, attributes, i));
    const result = { shape: [x.shape[0], out, ...lengths], dtype: x.dtype };
    if (added && !sameShape(added.shape, result.shape)) {
      throw mismatch(formatShape(result.shape), formatShape(added.shape));
    }
    return result;
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
  depthToSpace: ([x], { blockSize }) => {
    requireRank(x, 4);
    const [n, c, h, w] = x.shape;
    const area = blockSize * blockSize;
    if (c % area !== 0) throw mismatch(`channels divisible by ${area}`, formatShape(x.shape));
    return {
      shape: [n, c / area, h * blockSize, w * blockSize],
      dtype: x.dtype,
    };
  },
  spaceToDepth: ([x], { blockSize }) => {
    requireRank(x, 4);
    const [n, c, h, w] = x.shape;
    if (h % blockSize !== 0 || w % blockSize !== 0) {
      throw mismatch(`height and width divisible by ${blockSize}`, formatShape(x.shape));
    }
    return {
      shape: [n, c * blockSize * blockSize, h / blockSize, w / blockSize],
      dtype: x.dtype,
    };
  },
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

function convLength(
  x: ValueType,
  weight: ValueType,
  attributes: Omit<ConvAttributes, 'groups'>,
  i: number,
): number {
  const { strides, pads, dilations } = attributes;
  const extent = dilations[i] * (weight.shape[2 + i] - 1) + 1;
  return Math.floor((x.shape[2 + i] + pads[i] + pads[i + 2] - extent) / strides[i]) + 1;
}

function sliceLength(length: number, start: number, end: number, step: number): number {
  const inside = step > 0 ? start >= 0 && end <= length : start < length && end >= -1;
  if (!inside) throw mismatch(`a slice within ${length}`, `${start}:${end}:${step}`);
  return Math.max(0, Math.ceil((end - start) / step));
}

function requireRank(x: ValueType, rank: number): void {
  if (x.shape.length !== rank) throw mismatch(`rank ${rank}`, formatShape(x.shape));
}

function requireBlocks([x]: readonly ValueType[], { blockSize }: { blockSize: number }): ValueType {
  requireRank(x, 4);
  if (x.shape[1] % blockSize !== 0) {
    throw mismatch(`channels in whole blocks of ${blockSize}`, formatShape(x.shape));
  }
  return x;
}

function requireDType(x: ValueType, dtype: DType): void {
  if (x.dtype !== dtype) throw mismatch(dtype, x.dtype);
}

function requireSameDType(a: ValueType, b: ValueType): void {
  if (a.dtype !== b.dtype) throw mismatch('one dtype', `${a.dtype} and ${b.dtype}`);
}

/** Axes of a graph are counted from the front; only softmax's may be negative. */
function requireAxis(axis: number, rank: number): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= rank) {
    throw mismatch(`an axis in [0, ${rank})`, `${axis}`);
  }
}

function requireVector(x: ValueType, vector: ValueType | undefined, length: number): void {
  if (vector === undefined) return;
  requireSameDType(x, vector);
  if (!sameShape(vector.shape, [length])) {
    throw mismatch(`[${length}]`, formatShape(vector.shape));
  }
}

function mismatch(expected: string, got: string): Error {
  return new Error(`expected ${expected}, got ${got}`);
}
