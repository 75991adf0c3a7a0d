import type { DType } from '../../tensor/index.js';
import { printableName, WeightsError } from '../errors.js';
import {
  Opaque,
  PickleDict,
  PickleGlobal,
  PickleTuple,
  TorchStorage,
  TorchTensor,
  type PickleValue,
} from './pickleValues.js';

/** The element types of torch; null for those that we have none for. */
const storageTypes: Readonly<Record<string, DType | null>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
  ShortStorage: null,
  CharStorage: null,
  ComplexFloatStorage: null,
  ComplexDoubleStorage: null,
};

type Call = (args: readonly PickleValue[]) => PickleValue;

/** What may be called, and what stands for its result: nothing of this runs anything of the file's. */
const calls: Readonly<Record<string, Call>> = {
  'collections.OrderedDict': orderedDict,
  'torch._utils._rebuild_tensor': ([storage, offset, shape, strides]) =>
    rebuildTensor(storage, offset, shape, strides),
  'torch._utils._rebuild_tensor_v2': ([storage, offset, shape, strides]) =>
    rebuildTensor(storage, offset, shape, strides),
  'torch._utils._rebuild_parameter': ([data]) => data ?? null,
  'torch.Size': ([sizes]) => sizes ?? new PickleTuple([]),
  'torch.device': () => new Opaque('torch.device'),
  'numpy.core.multiarray.scalar': () => new Opaque('numpy scalar'),
  'numpy._core.multiarray.scalar': () => new Opaque('numpy scalar'),
  'numpy.dtype': () => new Opaque('numpy.dtype'),
  '_codecs.encode': () => new Opaque('bytes'),
};

/** Names that files of training runs mention and that are not called. */
const inert: ReadonlySet<string> = new Set([
  'pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint',
]);

/**
 * A name that a pickle asks for.
 * @throws WeightsError for one that is not of the vocabulary.
 */
export function findGlobal(module: string, name: string): PickleGlobal {
  const full = `${module}.${name}`;
  const isStorage = module === 'torch' && Object.hasOwn(storageTypes, name);
  const isUntyped =
    full === 'torch.storage.UntypedStorage' || full === 'torch.storage.TypedStorage';
  if (isStorage || isUntyped || Object.hasOwn(calls, full) || inert.has(full)) {
    return new PickleGlobal(full);
  }
  throw new WeightsError(
    `expected weights alone, got a pickle that asks for ${printableName(full)}: refused, and nothing of it was run`,
  );
}

/** What stands for the result of a call; @throws WeightsError for what cannot be called. */
export function callGlobal(
  callee: PickleValue | undefined,
  args: readonly PickleValue[],
): PickleValue {
  const name = callee instanceof PickleGlobal ? callee.name : undefined;
  if (name !== undefined && Object.hasOwn(calls, name)) return calls[name](args);
  throw new WeightsError(`expected weights alone, got a pickle that calls ${name ?? 'a value'}`);
}

/** `('storage', type, key, place, elements)`, as torch writes what lies outside the pickle. */
export function storageOf(id: PickleValue | undefined): TorchStorage {
  const items = id instanceof PickleTuple ? id.items : [];
  const [kind, type, key, , length] = items;
  const isStorage = kind === 'storage' && type instanceof PickleGlobal && typeof key === 'string';
  if (!isStorage || !isCount(length)) {
    throw new WeightsError('expected the place of a storage in the pickle, got something else');
  }
  const word = type.name.replace(/^torch\.(storage\.)?/, '');
  return new TorchStorage(storageTypes[word] ?? null, word, key, length);
}

function rebuildTensor(
  storage: PickleValue | undefined,
  offset: PickleValue | undefined,
  shape: PickleValue | undefined,
  strides: PickleValue | undefined,
): TorchTensor {
  const [sizes, steps] = [counts(shape), counts(strides)];
  if (!(storage instanceof TorchStorage) || !isCount(offset) || sizes?.length !== steps?.length) {
    throw new WeightsError('expected a storage, an offset, a shape and strides of a tensor');
  }
  return new TorchTensor(storage, offset, sizes ?? [], steps ?? []);
}

function counts(value: PickleValue | undefined): readonly number[] | undefined {
  if (!(value instanceof PickleTuple)) return undefined;
  const items = value.items.filter(isCount);
  return items.length === value.items.length && items.length <= 16 ? items : undefined;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Empty, or from a list of pairs. */
function orderedDict([pairs]: readonly PickleValue[]): PickleDict {
  const dict = new PickleDict();
  if (!Array.isArray(pairs)) return dict;
  for (const pair of pairs) {
    const items = pair instanceof PickleTuple ? pair.items : Array.isArray(pair) ? pair : [];
    if (items.length === 2) dict.members.set(items[0], items[1]);
  }
  return dict;
}
