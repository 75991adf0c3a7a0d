import { elementCount, formatShape, tensor, type Shape } from '../tensor/index.js';
import { quoteName, WeightsError } from './errors.js';
import { checkpointOf, type Checkpoint } from './safetensors.js';
import type { TensorSource, TensorType } from './tensor-source.js';

/** What a renamed tensor is in the file. */
export interface Origin {
  readonly name: string;
  /** The shape to give it, of as many elements; by default its own. */
  readonly shape?: Shape;
}

/**
 * A source under other names, which map to those it has; what they leave out is left out.
 * @throws WeightsError naming a tensor that the source does not have, or not with as many elements.
 */
export function renameSource(
  source: TensorSource,
  origins: ReadonlyMap<string, Origin>,
): TensorSource {
  return { entries: renameEntries(source.entries, origins), read: readRenamed(source, origins) };
}

/** Like `renameSource`. The bytes stay where they are, so that a runtime can still map them. */
export function renameTensors(
  checkpoint: Checkpoint,
  origins: ReadonlyMap<string, Origin>,
): Checkpoint {
  const renamed = renameEntries(checkpoint.entries, origins);
  const entries = Array.from(renamed, ([name, entry]) => ({ ...entry, name }));
  const read = readRenamed(checkpoint, origins);
  return checkpointOf(entries, checkpoint.metadata, ({ name }) => read(name));
}

function renameEntries<E extends TensorType>(
  entries: ReadonlyMap<string, E>,
  origins: ReadonlyMap<string, Origin>,
): ReadonlyMap<string, E> {
  const renamed = Array.from(origins, ([name, origin]): [string, E] => {
    const entry = entries.get(origin.name);
    const fail = (problem: string): never => {
      throw new WeightsError(`${quoteName(name)}: ${problem}`);
    };
    if (!entry) return fail(`no tensor ${quoteName(origin.name)}`);
    const shape = origin.shape ?? entry.shape;
    const elements = elementCount(shape);
    if (elements !== elementCount(entry.shape)) {
      const got = formatShape(entry.shape);
      fail(`expected ${elements} elements for ${formatShape(shape)}, got those of ${got}`);
    }
    return [name, { ...entry, shape }];
  });
  return new Map(renamed);
}

function readRenamed(
  source: TensorSource,
  origins: ReadonlyMap<string, Origin>,
): TensorSource['read'] {
  return async (name) => {
    const origin = origins.get(name);
    if (!origin) throw new WeightsError(`no tensor ${quoteName(name)} among ${origins.size}`);
    const { dtype, shape, data } = await source.read(origin.name);
    return tensor(dtype, origin.shape ?? shape, data);
  };
}
