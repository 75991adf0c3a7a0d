import { elementCount, stridesOf } from '../tensor/index.js';
import type { EvaluateRule, Operand } from './evaluateRule.js';
import type { Attributes } from './operators.js';
import { broadcastTo, permute, readStrided, takeRows } from './strided.js';

export const evaluateReshape: EvaluateRule<Attributes['reshape']> = ([x]) => x.data.slice();

export const evaluateExpand: EvaluateRule<Attributes['expand']> = ([x], { shape }) =>
  broadcastTo(x, shape);

export const evaluateTranspose: EvaluateRule<Attributes['transpose']> = ([x], { perm }) =>
  permute(x.data, x.shape, perm);

export const evaluateSlice: EvaluateRule<Attributes['slice']> = (
  [x],
  { starts, steps },
  { shape },
) => {
  const strides = stridesOf(x.shape);
  const offset = strides.reduce((sum, stride, axis) => sum + stride * starts[axis], 0);
  return readStrided(
    x.data,
    shape,
    strides.map((stride, axis) => stride * steps[axis]),
    offset,
  );
};

export const evaluateConcat: EvaluateRule<Attributes['concat']> = (parts, { axis }, { shape }) => {
  const out = new Float64Array(elementCount(shape));
  const outer = elementCount(shape.slice(0, axis));
  const blockLength = out.length / outer;
  let start = 0;
  for (const { data } of parts) {
    const length = data.length / outer;
    for (let block = 0; block < outer; block++) {
      out.set(data.subarray(block * length, (block + 1) * length), block * blockLength + start);
    }
    start += length;
  }
  return out;
};

export const evaluatePad: EvaluateRule<Attributes['pad']> = ([x], attributes, result) => {
  const { before, mode } = attributes;
  const shape = [...x.shape];
  return x.shape.reduce((data, length, axis) => {
    const rows = Array.from({ length: result.shape[axis] }, (_, i) =>
      paddedSource(mode, i - before[axis], length),
    );
    const padded = takeRows(data, shape, axis, rows);
    shape[axis] = rows.length;
    return padded;
  }, x.data);
};

/** Which row of an axis stands at `position`, counted from its first; -1 for zeros. */
function paddedSource(mode: Attributes['pad']['mode'], position: number, length: number): number {
  if (position >= 0 && position < length) return position;
  switch (mode) {
    case 'constant':
      return -1;
    case 'edge':
      return position < 0 ? 0 : length - 1;
    case 'reflect':
      return position < 0 ? -position : 2 * (length - 1) - position;
  }
}

export const evaluateGather: EvaluateRule<Attributes['gather']> = ([x, indices], { axis }) =>
  takeRows(x.data, x.shape, axis, checkedRows(indices, x.shape[axis]));

export const evaluateScatterAdd: EvaluateRule<Attributes['scatterAdd']> = (
  [indices, updates],
  { axis, size },
  { shape },
) => {
  const rows = checkedRows(indices, size);
  const out = new Float64Array(elementCount(shape));
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  for (let block = 0; block < outer; block++) {
    rows.forEach((row, i) => {
      const from = (block * rows.length + i) * inner;
      const to = (block * size + row) * inner;
      for (let k = 0; k < inner; k++) out[to + k] += updates.data[from + k];
    });
  }
  return out;
};

function checkedRows({ data }: Operand, size: number): number[] {
  const rows = Array.from(data);
  const outside = rows.find((row) => row < 0 || row >= size);
  if (outside !== undefined) {
    throw new RangeError(`expected indices in [0, ${size}), got ${outside}`);
  }
  return rows;
}

export const evaluateDepthToSpace: EvaluateRule<Attributes['depthToSpace']> = (
  [x],
  { blockSize },
) => {
  const [n, channels, h, w] = x.shape;
  const c = channels / (blockSize * blockSize);
  return permute(x.data, [n, c, blockSize, blockSize, h, w], [0, 1, 4, 2, 5, 3]);
};

export const evaluateSpaceToDepth: EvaluateRule<Attributes['spaceToDepth']> = (
  [x],
  { blockSize },
) => {
  const [n, c, height, width] = x.shape;
  const blocks = [n, c, height / blockSize, blockSize, width / blockSize, blockSize];
  return permute(x.data, blocks, [0, 1, 3, 5, 2, 4]);
};

export const evaluateResize: EvaluateRule<Attributes['resize']> = (
  [x],
  { mode, height, width },
) => {
  const [n, c, h, w] = x.shape;
  const resample = mode === 'nearest' ? resampleNearest : resampleLinear;
  const rows = resample(x.data, [n * c, h, w], height);
  return resample(rows, [n * c * height, w, 1], width);
};

/** Resamples the middle axis of `[outer, length, inner]`. */
function resampleNearest(
  data: Float64Array,
  shape: readonly [number, number, number],
  outLength: number,
): Float64Array {
  const rows = Array.from({ length: outLength }, (_, i) => Math.floor((i * shape[1]) / outLength));
  return takeRows(data, shape, 1, rows);
}

/** Resamples the middle axis of `[outer, length, inner]` between the two nearest rows, edges clamped. */
function resampleLinear(
  data: Float64Array,
  shape: readonly [number, number, number],
  outLength: number,
): Float64Array {
  const [, length, inner] = shape;
  const centers = Array.from({ length: outLength }, (_, i) => {
    const center = ((i + 0.5) * length) / outLength - 0.5;
    return Math.min(Math.max(center, 0), length - 1);
  });
  const lower = takeRows(data, shape, 1, centers.map(Math.floor));
  const upper = takeRows(data, shape, 1, centers.map(Math.ceil));
  return lower.map((value, i) => {
    const center = centers[Math.floor(i / inner) % outLength];
    return value + (center - Math.floor(center)) * (upper[i] - value);
  });
}
