import { WeightsError, type Checkpoint, type TensorEntry } from '../../weights/index.js';
import { checkpointOf } from '../../weights/safetensors.js';

/**
 * The named tensors of several checkpoints as one, in this order; the bytes stay in their files.
 * @throws WeightsError naming the first tensor that none of them has.
 */
export function joinCheckpoints(
  checkpoints: readonly Checkpoint[],
  names: readonly string[],
): Checkpoint {
  const owners = new Map<string, Checkpoint>();
  for (const checkpoint of checkpoints) {
    for (const name of checkpoint.entries.keys()) owners.set(name, checkpoint);
  }
  const ownerOf = (name: string): { owner: Checkpoint; entry: TensorEntry } => {
    const owner = owners.get(name);
    const entry = owner?.entries.get(name);
    if (!owner || !entry) throw new WeightsError(`${name}: expected a weight, got none`);
    return { owner, entry };
  };
  const entries = names.map((name) => ownerOf(name).entry);
  return checkpointOf(entries, {}, ({ name }) => ownerOf(name).owner.read(name));
}
