import { printableName, WeightsError } from '../errors.js';
import { PickleDict, TorchTensor, type PickleValue } from './pickleValues.js';

/** Under which training programs keep the weights that are meant to be used, the best first. */
const wrappers = [
  'params_ema',
  'params-ema',
  'params',
  'state_dict',
  'model_state_dict',
  'model',
  'net',
  'generator',
  'net_g',
] as const;

const MOST_WRAPPERS = 4;
/** What all names begin with in files of several graphics cards, and of some training programs. */
const prefixes = ['module.', 'netG.', '_orig_mod.'] as const;

/** The tensors of a state dict, and what lies beside them. */
export interface TorchStateDict {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** What the file holds besides and nothing here uses: `optimizer_states`, `global_step`. */
  readonly ignored: readonly string[];
}

/**
 * Finds the state dict in what a pickle holds, as it is or in a dict of a training run.
 * @throws WeightsError for a value that holds no weights.
 */
export function stateDictOf(value: PickleValue): TorchStateDict {
  const ignored: string[] = [];
  let dict = value;
  for (let level = 0; level < MOST_WRAPPERS; level++) {
    if (!(dict instanceof PickleDict)) break;
    const { members } = dict;
    const name = wrappers.find((wrapper) => members.get(wrapper) instanceof PickleDict);
    if (name === undefined) break;
    for (const key of members.keys()) if (key !== name) ignored.push(keyName(key));
    dict = members.get(name) ?? null;
  }
  if (!(dict instanceof PickleDict)) {
    throw new WeightsError('expected a state dict (names and their tensors), got something else');
  }
  const tensors = new Map<string, TorchTensor>();
  for (const [key, member] of dict.members) {
    if (typeof key === 'string' && member instanceof TorchTensor) tensors.set(key, member);
    else ignored.push(keyName(key));
  }
  if (tensors.size === 0) {
    throw new WeightsError('expected a state dict (names and their tensors), got none in the file');
  }
  return { tensors: withoutPrefix(tensors), ignored };
}

function keyName(key: PickleValue): string {
  return typeof key === 'string' ? printableName(key) : 'a value without a name';
}

function withoutPrefix(
  tensors: ReadonlyMap<string, TorchTensor>,
): ReadonlyMap<string, TorchTensor> {
  const names = [...tensors.keys()];
  const prefix = prefixes.find((start) => names.every((name) => name.startsWith(start)));
  if (prefix === undefined) return tensors;
  return new Map(Array.from(tensors, ([name, tensor]) => [name.slice(prefix.length), tensor]));
}
