import { elementCount, formatShape, tensor, type Shape } from '../tensor/index.js';
import { quoteName, WeightsError } from './errors.js';
import { checkpointOf, type Checkpoint } from './safetensors.js';

/** What a renamed tensor is in the file. */
export interface Origin {
  readonly name: string;
  /** The shape to give it, of as many elements; by default its own. */
  readonly shape?: Shape;
}

/**
 * A checkpoint under other names, which map to those of the file; what they leave out is left out. The bytes
 * stay where they are, so that a runtime can still map them.
 * @throws WeightsError naming a tensor that the file does not have, or not with as many elements.
 */
export function renameTensors(
  checkpoint: Checkpoint,
  origins: ReadonlyMap<string, Origin>,
): Checkpoint {
  const entries = Array.from(origins, ([name, origin]) => {
    const entry = checkpoint.entries.get(origin.name);
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
    return { ...entry, name, shape };
  });
  return checkpointOf(entries, checkpoint.metadata, async ({ name, shape }) => {
    const { dtype, data } = await checkpoint.read(origins.get(name)?.name ?? name);
    return tensor(dtype, shape, data);
  });
}
