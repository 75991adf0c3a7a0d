import { ConfigError, stagedUnetParams, type StagedUnetConfig } from '../models/index.js';
import { allocate, tensor, type Shape, type Tensor } from '../tensor/index.js';
import type { TensorSource, TensorType } from '../weights/index.js';
import { inheritedLayers } from './cutUnet.js';
import { unetAxes, type AxisParts } from './unetAxes.js';

/**
 * The weights of a student that was cut from (and possibly made narrower than) a teacher: each has its
 * teacher's weight in the same place, of the layer that `inheritedLayers` says, and of that the first
 * channels of each part (`unetAxes`). Read one at a time, from the teacher's.
 * @throws ConfigError listing the weights for which the teacher has none.
 */
export function inheritUnet(
  teacher: { readonly config: StagedUnetConfig; readonly weights: TensorSource },
  student: StagedUnetConfig,
): TensorSource {
  const origins = new Map<string, Origin>();
  const orphans: string[] = [];
  for (const { name, shape } of stagedUnetParams(student)) {
    const key = inheritedKey(teacher.config, student, name);
    const found = teacher.weights.entries.get(key);
    if (!found) orphans.push(`${name} (of ${key})`);
    else origins.set(name, originOf(teacher.config, student, { key, found, name, shape }));
  }
  if (orphans.length > 0) {
    throw new ConfigError(
      `expected a teacher with weights for ${orphans.slice(0, 5).join(', ')}` +
        (orphans.length > 5 ? ` and ${orphans.length - 5} more` : ''),
    );
  }
  return {
    entries: new Map([...origins].map(([name, { type }]) => [name, type])),
    read: async (name) => {
      const origin = origins.get(name);
      if (!origin) throw new ConfigError(`${name}: expected a weight of the student`);
      const whole = await teacher.weights.read(origin.key);
      return origin.axes.reduce((part, parts, axis) => firstOfParts(part, axis, parts), whole);
    },
  };
}

interface Origin {
  readonly key: string;
  readonly type: TensorType;
  /** Parts of each axis: how many of how many channels stay. */
  readonly axes: readonly (readonly KeptPart[])[];
}

interface KeptPart {
  readonly kept: number;
  readonly of: number;
}

function originOf(
  teacher: StagedUnetConfig,
  student: StagedUnetConfig,
  weight: { key: string; found: TensorType; name: string; shape: Shape },
): Origin {
  const { key, found, name, shape } = weight;
  const [from, to] = [unetAxes(teacher, key), unetAxes(student, name)];
  const axes = shape.flatMap((_, axis) => {
    if (axis >= from.length) return [];
    return [keptParts(from[axis], to[axis], name)];
  });
  return { key, type: { dtype: found.dtype, shape }, axes };
}

function keptParts(from: AxisParts, to: AxisParts, name: string): readonly KeptPart[] {
  const parts = to.map((kept, i) => ({ kept, of: from[i] ?? 0 }));
  if (from.length !== to.length || parts.some(({ kept, of }) => kept > of)) {
    throw new ConfigError(
      `${name}: expected at most the teacher's ${from.join(' + ')} channels, got ${to.join(' + ')}`,
    );
  }
  return parts;
}

/** The teacher's weight that a student's inherits. */
export function inheritedKey(
  teacher: StagedUnetConfig,
  student: StagedUnetConfig,
  name: string,
): string {
  const path = name.split('.');
  const [direction, block, kind, layer] = path;
  if (direction !== 'down_blocks' && direction !== 'up_blocks') return name;
  const index = Number(block);
  const dropped = teacher.levels.length - student.levels.length;
  const down = direction === 'down_blocks';
  const level = down ? index : student.levels.length - 1 - index;
  const [own, its] = [student.levels[level], teacher.levels[level]];
  const layers = down ? [own.down, its.down] : [own.up, its.up];
  const inherited = inheritedLayers(layers[0].length, layers[1].length);
  const of = kind === 'resnets' || kind === 'attentions' ? inherited[Number(layer)] : layer;
  return [direction, down ? index : index + dropped, kind, of, ...path.slice(4)].join('.');
}

/** Along one axis, the first elements of each part. */
function firstOfParts(source: Tensor, axis: number, parts: readonly KeptPart[]): Tensor {
  if (parts.every(({ kept, of }) => kept === of)) return source;
  const inner = source.shape.slice(axis + 1).reduce((a, n) => a * n, 1);
  const outer = source.shape.slice(0, axis).reduce((a, n) => a * n, 1);
  const length = parts.reduce((sum, { kept }) => sum + kept, 0);
  const shape = source.shape.map((n, i) => (i === axis ? length : n));
  const data = allocate(source.dtype, outer * length * inner);
  const elements = source.data;
  if (data instanceof BigInt64Array || elements instanceof BigInt64Array) {
    throw new Error(`expected a floating-point weight, got ${source.dtype}`);
  }
  let at = 0;
  let from = 0;
  for (let row = 0; row < outer; row++) {
    for (const { kept, of } of parts) {
      data.set(elements.subarray(from, from + kept * inner), at);
      at += kept * inner;
      from += of * inner;
    }
  }
  return tensor(source.dtype, shape, data);
}
