import type { Value } from '../graph/index.js';
import { elementCount, tensor, type Tensor } from '../tensor/index.js';
import type { ForeignNode, ImportRule, Known } from './foreignNode.js';
import { empty, int64 } from './literals.js';

function importConstant({ attributes }: ForeignNode): Tensor {
  const float = attributes.float('value_float', undefined);
  const floats = attributes.floats('value_floats', float === undefined ? undefined : [float]);
  if (floats) {
    const shape = float === undefined ? [floats.length] : [];
    return tensor('float32', shape, Float32Array.from(floats));
  }
  const int = attributes.int('value_int', undefined);
  const ints = attributes.ints('value_ints', int === undefined ? undefined : [int]);
  if (ints) return int64(ints, int === undefined ? [ints.length] : []);
  const value = attributes.tensor('value', undefined);
  if (value) return value;
  throw new Error('expected a value of numbers');
}

function importConstantOfShape(node: ForeignNode): Known {
  const { builder: b } = node;
  const shape = node.numbers(0) ?? [];
  const zero = tensor('float32', [1], Float32Array.of(0));
  const value = node.attributes.tensor('value', zero);
  if (elementCount(shape) === 0) return empty(value.dtype, shape);
  return b.expand(b.reshape(b.constant(value), []), shape);
}

function importRange(node: ForeignNode): Value {
  const [start, limit, step] = [0, 1, 2].map((i) => node.numbers(i)?.[0] ?? 0);
  const { dtype } = node.known(0);
  const length = Math.max(0, Math.ceil((limit - start) / step));
  const { builder: b } = node;
  const counts = b.constant(int64(Array.from({ length }, (_, i) => i)));
  const typed = dtype === 'int64' ? counts : b.apply('cast', [counts], { to: dtype });
  return b.shift(b.scale(typed, step), start);
}

/** Operators that make elements from nothing, or from shapes. */
export const constantRules: Readonly<Record<string, ImportRule>> = {
  Constant: importConstant,
  ConstantOfShape: importConstantOfShape,
  Range: importRange,
  Size: (node) => int64([elementCount(node.known(0).shape)], []),
  Shape: (node) => {
    const { shape } = node.known(0);
    const start = node.attributes.int('start', 0);
    return int64(shape.slice(start, node.attributes.int('end', shape.length)));
  },
};
