import { elementCount, normalizeAxis } from '../tensor/index.js';
import type { EvaluateRule, Operand } from './evaluateRule.js';
import type { Attributes, ReduceAttributes } from './operators.js';
import { permute } from './strided.js';

/** A number from all elements along the reduced axes. */
export function reduction(f: (row: Float64Array) => number): EvaluateRule<ReduceAttributes> {
  return (operands, { axes }, { shape }) => {
    const rows = rowsAlong(operands[0], axes);
    const length = rows.length / elementCount(shape);
    return Float64Array.from({ length: elementCount(shape) }, (_, i) =>
      f(rows.subarray(i * length, (i + 1) * length)),
    );
  };
}

/** The elements with `axes` moved last, so that what is reduced together lies together. */
function rowsAlong({ data, shape }: Operand, axes: readonly number[]): Float64Array {
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  return permute(data, shape, [...kept, ...axes]);
}

export function sum(row: Float64Array): number {
  return row.reduce((total, value) => total + value, 0);
}

export function mean(row: Float64Array): number {
  return sum(row) / row.length;
}

export function maximum(row: Float64Array): number {
  return row.reduce((most, value) => Math.max(most, value), -Infinity);
}

export const evaluateSoftmax: EvaluateRule<Attributes['softmax']> = ([x], attributes) => {
  const { shape } = x;
  const axis = normalizeAxis(attributes.axis, shape.length);
  const order = [...shape.keys()].filter((i) => i !== axis).concat(axis);
  const rows = mapRows(permute(x.data, shape, order), shape[axis], (row) => {
    const most = maximum(row);
    const powers = row.map((value) => Math.exp(value - most));
    const total = sum(powers);
    return powers.map((value) => value / total);
  });
  const moved = order.map((i) => shape[i]);
  return permute(
    rows,
    moved,
    order.map((_, i) => order.indexOf(i)),
  );
};

export const evaluateGroupNorm: EvaluateRule<Attributes['groupNorm']> = (
  [x, weight, bias],
  { groups, eps },
) => {
  const [n, c] = x.shape;
  const normalized = mapRows(x.data, x.data.length / (n * groups), (row) => standardize(row, eps));
  const area = x.data.length / (n * c);
  return normalized.map((value, i) => {
    const channel = Math.floor(i / area) % c;
    return value * weight.data[channel] + bias.data[channel];
  });
};

export const evaluateLayerNorm: EvaluateRule<Attributes['layerNorm']> = (
  [x, weight, bias],
  { eps },
) =>
  mapRows(x.data, weight.data.length, (row) =>
    standardize(row, eps).map((value, i) => value * weight.data[i] + bias.data[i]),
  );

function mapRows(
  data: Float64Array,
  length: number,
  f: (row: Float64Array) => Float64Array,
): Float64Array {
  const out = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += length) {
    out.set(f(data.subarray(start, start + length)), start);
  }
  return out;
}

/** (x - mean) / sqrt(variance + eps), by the biased variance. */
function standardize(row: Float64Array, eps: number): Float64Array {
  const center = mean(row);
  const variance = mean(row.map((value) => (value - center) ** 2));
  return row.map((value) => (value - center) / Math.sqrt(variance + eps));
}
