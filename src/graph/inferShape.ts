import { broadcastShapes, elementCount, formatShape, sameShape } from '../tensor/index.js';
import {
  mismatch,
  requireAxis,
  requireDType,
  requireRank,
  requireSameDType,
  type InferRule,
} from './inferRule.js';
import type { Attributes } from './operators.js';

export const inferReshape: InferRule<Attributes['reshape']> = ([x], { shape }) => {
  if (elementCount(shape) !== elementCount(x.shape)) {
    throw mismatch(
      `${elementCount(x.shape)} elements as in ${formatShape(x.shape)}`,
      formatShape(shape),
    );
  }
  return { shape, dtype: x.dtype };
};

export const inferExpand: InferRule<Attributes['expand']> = ([x], { shape }) => {
  const broadcast = broadcastShapes(x.shape, shape);
  if (formatShape(broadcast) !== formatShape(shape)) {
    throw mismatch(`a shape that ${formatShape(x.shape)} expands to`, formatShape(shape));
  }
  return { shape, dtype: x.dtype };
};

export const inferTranspose: InferRule<Attributes['transpose']> = ([x], { perm }) => {
  const sorted = [...perm].sort((a, b) => a - b);
  if (perm.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
    throw mismatch(`a permutation of the axes of ${formatShape(x.shape)}`, formatShape(perm));
  }
  return { shape: perm.map((axis) => x.shape[axis]), dtype: x.dtype };
};

export const inferSlice: InferRule<Attributes['slice']> = ([x], { starts, ends, steps }) => ({
  shape: x.shape.map((n, axis) => sliceLength(n, starts[axis], ends[axis], steps[axis])),
  dtype: x.dtype,
});

export const inferConcat: InferRule<Attributes['concat']> = (inputs, { axis }) => {
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
};

export const inferPad: InferRule<Attributes['pad']> = ([x], { before, after, mode }) => {
  x.shape.forEach((n, axis) => {
    const least = mode === 'constant' ? -Infinity : 0;
    const most = mode === 'reflect' ? n - 1 : Infinity;
    const counts = [before[axis], after[axis]];
    if (!counts.every((count) => count >= least && count <= most)) {
      throw mismatch(`padding of axis ${axis} in [${least}, ${most}]`, formatShape(counts));
    }
    const cropped = counts.reduce((sum, count) => sum + Math.max(0, -count), 0);
    if (cropped >= n) throw mismatch(`axis ${axis} to keep some of its ${n}`, formatShape(counts));
  });
  return {
    shape: x.shape.map((n, axis) => n + before[axis] + after[axis]),
    dtype: x.dtype,
  };
};

export const inferGather: InferRule<Attributes['gather']> = ([data, indices], { axis }) => {
  requireDType(indices, 'int64');
  requireAxis(axis, data.shape.length);
  return {
    shape: [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)],
    dtype: data.dtype,
  };
};

export const inferScatterAdd: InferRule<Attributes['scatterAdd']> = (
  [indices, updates],
  { axis, size },
) => {
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
};

export const inferDepthToSpace: InferRule<Attributes['depthToSpace']> = ([x], { blockSize }) => {
  requireRank(x, 4);
  const [n, c, h, w] = x.shape;
  const area = blockSize * blockSize;
  if (c % area !== 0) throw mismatch(`channels divisible by ${area}`, formatShape(x.shape));
  return {
    shape: [n, c / area, h * blockSize, w * blockSize],
    dtype: x.dtype,
  };
};

export const inferSpaceToDepth: InferRule<Attributes['spaceToDepth']> = ([x], { blockSize }) => {
  requireRank(x, 4);
  const [n, c, h, w] = x.shape;
  if (h % blockSize !== 0 || w % blockSize !== 0) {
    throw mismatch(`height and width divisible by ${blockSize}`, formatShape(x.shape));
  }
  return {
    shape: [n, c * blockSize * blockSize, h / blockSize, w / blockSize],
    dtype: x.dtype,
  };
};

function sliceLength(length: number, start: number, end: number, step: number): number {
  const inside = step > 0 ? start >= 0 && end <= length : start < length && end >= -1;
  if (!inside) throw mismatch(`a slice within ${length}`, `${start}:${end}:${step}`);
  return Math.max(0, Math.ceil((end - start) / step));
}
