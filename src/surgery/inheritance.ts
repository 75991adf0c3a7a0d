import { ConfigError } from '../models/index.js';
import { allocate, tensor, type Shape, type Tensor } from '../tensor/index.js';
import type { TensorSource, TensorType } from '../weights/index.js';
import {
  keptElements,
  strides,
  type Axis,
  type ChannelChoice,
  type NarrowedPart,
} from './channels.js';

/** What the weights of a network are called, and what their axes are made of. */
export interface NetworkAxes {
  readonly axesOf: (key: string) => readonly Axis[];
}

/** Where one weight of a student comes from. */
export interface InheritedWeight {
  /** Of the teacher. */
  readonly key: string;
  readonly type: TensorType;
  /** Of each axis that may be narrower: its parts. */
  readonly axes: readonly (readonly NarrowedPart[])[];
}

/** The weights of a student, by their names, in its own order. */
export type Inheritance = ReadonlyMap<string, InheritedWeight>;

/**
 * Finds for each weight that a student asks for the teacher's that it inherits.
 * @param keyOf the teacher's name for a student's.
 * @throws ConfigError listing the weights for which the teacher has none, or a smaller one.
 */
export function planInheritance(
  teacher: NetworkAxes & { readonly entries: ReadonlyMap<string, TensorType> },
  student: NetworkAxes & {
    readonly params: readonly { readonly name: string; readonly shape: Shape }[];
  },
  keyOf: (name: string) => string,
): Inheritance {
  const inherited = new Map<string, InheritedWeight>();
  const orphans: string[] = [];
  for (const { name, shape } of student.params) {
    const key = keyOf(name);
    const found = teacher.entries.get(key);
    if (!found) {
      orphans.push(`${name} (of ${key})`);
      continue;
    }
    const [from, to] = [teacher.axesOf(key), student.axesOf(name)];
    const axes = from.slice(0, shape.length).map((axis, i) => narrowedParts(name, axis, to[i]));
    inherited.set(name, { key, type: { dtype: found.dtype, shape }, axes });
  }
  if (orphans.length > 0) {
    throw new ConfigError(
      `expected a teacher with weights for ${orphans.slice(0, 5).join(', ')}` +
        (orphans.length > 5 ? ` and ${orphans.length - 5} more` : ''),
    );
  }
  return inherited;
}

function narrowedParts(name: string, from: Axis, to: Axis): readonly NarrowedPart[] {
  const parts = to.map(({ space, groups, channels }, i) => {
    return { space, groups, kept: channels, of: from[i]?.channels ?? 0 };
  });
  if (from.length !== to.length || parts.some(({ kept, of }) => kept > of)) {
    const list = (axis: Axis): string => axis.map(({ channels }) => channels).join(' + ');
    throw new ConfigError(
      `${name}: expected at most the teacher's ${list(from)} channels, got ${list(to)}`,
    );
  }
  return parts;
}

/** The inherited weights, each made of the teacher's when it is read. */
export function inheritedSource(
  inheritance: Inheritance,
  weights: TensorSource,
  choice: ChannelChoice,
): TensorSource {
  return {
    entries: new Map([...inheritance].map(([name, { type }]) => [name, type])),
    read: async (name) => {
      const inherited = inheritance.get(name);
      if (!inherited) throw new ConfigError(`${name}: expected a weight of the student`);
      const whole = await weights.read(inherited.key);
      return inherited.axes.reduce((part, parts, axis) => {
        const elements = keptElements(parts, choice);
        return elements === null ? part : pick(part, axis, elements);
      }, whole);
    },
  };
}

/** Along one axis, the elements of these numbers. */
function pick(source: Tensor, axis: number, elements: readonly number[]): Tensor {
  const { outer, inner } = strides(source.shape, axis);
  const length = source.shape[axis];
  const shape = source.shape.map((n, i) => (i === axis ? elements.length : n));
  const data = allocate(source.dtype, outer * elements.length * inner);
  const from = source.data;
  if (data instanceof BigInt64Array || from instanceof BigInt64Array) {
    throw new Error(`expected a floating-point weight, got ${source.dtype}`);
  }
  let at = 0;
  for (let row = 0; row < outer; row++) {
    for (const element of elements) {
      const start = (row * length + element) * inner;
      if (inner === 1) data[at] = from[start];
      else data.set(from.subarray(start, start + inner), at);
      at += inner;
    }
  }
  return tensor(source.dtype, shape, data);
}
