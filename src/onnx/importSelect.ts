import type { Value } from '../graph/index.js';
import { elementCount, normalizeAxis, tensor, toFloat64 } from '../tensor/index.js';
import type { ForeignNode, ImportRule, Known } from './foreignNode.js';
import { empty, int64 } from './literals.js';

function importConcat(node: ForeignNode): Known {
  // An empty part adds nothing, and our graphs have no empty values.
  const parts = Array.from({ length: node.inputCount }, (_, i) => i).filter((i) => {
    const known = node.known(i);
    return elementCount(known.shape) > 0;
  });
  const axis = node.attributes.int('axis', 0);
  if (parts.length === 0) return node.known(0);
  const values = parts.map((i) => node.value(i));
  return node.builder.concat(values, normalizeAxis(axis, values[0].shape.length));
}

/** Starts, ends, axes and steps as attributes (before operator set 10) or as operands. */
function importSlice(node: ForeignNode): Known {
  const { attributes } = node;
  const known = node.known(0);
  const rank = known.shape.length;
  const given = attributes.ints('starts', undefined) ?? node.numbers(1) ?? [];
  const ends = attributes.ints('ends', undefined) ?? node.numbers(2) ?? [];
  const axes = attributes.ints('axes', undefined) ?? node.numbers(3) ?? given.map((_, i) => i);
  const steps = node.numbers(4) ?? given.map(() => 1);
  const slices = known.shape.map((n) => ({ start: 0, end: n, step: 1 }));
  axes.forEach((axis, i) => {
    const at = normalizeAxis(axis, rank);
    slices[at] = clampSlice(known.shape[at], given[i], ends[i], steps[i]);
  });
  const lengths = slices.map(({ start, end, step }) =>
    Math.max(0, Math.ceil((end - start) / step)),
  );
  if (elementCount(lengths) === 0) return empty(known.dtype, lengths);
  return node.builder.apply('slice', [node.value(0)], {
    starts: slices.map(({ start }) => start),
    ends: slices.map(({ end }) => end),
    steps: slices.map(({ step }) => step),
  });
}

/** As ONNX reads them: negative counts from the back, beyond either end is at the end. */
function clampSlice(
  n: number,
  start: number,
  end: number,
  step: number,
): { start: number; end: number; step: number } {
  const [low, high] = step > 0 ? [0, n] : [-1, n - 1];
  const clamp = (at: number, least: number): number =>
    Math.min(Math.max(at < 0 ? at + n : at, least), high);
  return { start: clamp(start, 0), end: clamp(end, low), step };
}

function importSplit(node: ForeignNode): readonly Known[] {
  const x = node.value(0);
  const axis = normalizeAxis(node.attributes.int('axis', 0), x.shape.length);
  const n = x.shape[axis];
  const parts = node.attributes.int('num_outputs', node.outputCount);
  const part = Math.ceil(n / parts);
  const equal = Array.from({ length: parts }, (_, i) => Math.min(part, n - i * part));
  const sizes = node.attributes.ints('split', undefined) ?? node.numbers(1) ?? equal;
  let start = 0;
  return sizes.map((size) => {
    start += size;
    if (size === 0) {
      return empty(
        x.dtype,
        x.shape.map((n, i) => (i === axis ? 0 : n)),
      );
    }
    return node.builder.sliceAxis(x, axis, start - size, start);
  });
}

/** Indices from the back are counted from the front, where they are known. */
function importGather(node: ForeignNode): Value {
  const { builder: b } = node;
  const data = node.value(0);
  const axis = normalizeAxis(node.attributes.int('axis', 0), data.shape.length);
  const known = node.elements(1);
  if (!known) {
    const indices = node.value(1);
    const wide = indices.dtype === 'int64' ? indices : b.apply('cast', [indices], { to: 'int64' });
    return b.apply('gather', [data, wide], { axis });
  }
  const forward = Array.from(toFloat64(known), (i) => (i < 0 ? i + data.shape[axis] : i));
  return b.apply('gather', [data, b.constant(int64(forward, known.shape))], { axis });
}

/** Rows added into `data`, as our own scatterAdd is written. */
function importScatterNd(node: ForeignNode): Value {
  const { builder: b } = node;
  const [data, indices, updates] = [0, 1, 2].map((i) => node.value(i));
  const reduction = node.attributes.string('reduction', 'none');
  const last = indices.shape.at(-1);
  if (reduction !== 'add' || last !== 1) {
    throw new Error(`expected reduction add of whole rows, got ${reduction} by ${last} indices`);
  }
  const rows = b.reshape(indices, indices.shape.slice(0, -1));
  const sums = b.apply('scatterAdd', [rows, updates], { axis: 0, size: data.shape[0] });
  return b.add(data, sums);
}

/** Keeps a triangle of the last two axes. */
function importTrilu(node: ForeignNode): Value {
  const { builder: b } = node;
  const x = node.value(0);
  const isUpper = node.attributes.int('upper', 1) === 1;
  const offset = node.numbers(1)?.[0] ?? 0;
  const [rows, columns] = x.shape.slice(-2);
  const kept = Uint8Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return (isUpper ? column - row >= offset : column - row <= offset) ? 1 : 0;
  });
  const mask = b.constant(tensor('bool', [rows, columns], kept));
  return b.apply('where', [mask, x, b.scalar(0, x.dtype)], {});
}

/** Operators that pick elements and put them together. */
export const selectRules: Readonly<Record<string, ImportRule>> = {
  Concat: importConcat,
  Slice: importSlice,
  Split: importSplit,
  Gather: importGather,
  ScatterND: importScatterNd,
  Trilu: importTrilu,
};
