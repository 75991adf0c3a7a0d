import type { ByteSource } from '../byte-source.js';
import { quoteName, WeightsError } from '../errors.js';
import { bytesPerElement } from '../../tensor/index.js';
import {
  PickleDict,
  PickleTuple,
  TorchStorage,
  TorchTensor,
  type PickleValue,
  type StoragePlace,
} from './pickleValues.js';
import { longestPickle, unpickle } from './unpickle.js';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const MOST_VALUES = 1_000_000;

/**
 * A file of torch before version 1.6: three pickles of its format, the pickle of the value, that of the storages' keys, and the
 * storages, each after its length.
 * @throws WeightsError for a file that is none.
 */
export async function legacyStorages(
  source: ByteSource,
): Promise<{ value: PickleValue; places: ReadonlyMap<string, StoragePlace> }> {
  const bytes = await source.read(0, Math.min(source.size, longestPickle));
  const magic = unpickle(bytes);
  if (magic.value !== MAGIC) {
    throw new WeightsError('expected a file of torch.save, got a pickle of something else');
  }
  const protocol = unpickle(bytes, magic.end);
  const system = unpickle(bytes, protocol.end);
  const { value, end } = unpickle(bytes, system.end);
  const keys = unpickle(bytes, end);
  if (!Array.isArray(keys.value))
    throw new WeightsError('expected the keys of the storages, got none');
  return { value, places: await placesOf(source, keys.value, keys.end, storagesIn(value)) };
}

async function placesOf(
  source: ByteSource,
  keys: readonly PickleValue[],
  start: number,
  storages: ReadonlyMap<string, TorchStorage>,
): Promise<ReadonlyMap<string, StoragePlace>> {
  const places = new Map<string, StoragePlace>();
  let at = start;
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage) throw new WeightsError('the file has a storage that nothing in it uses');
    if (at + 8 > source.size)
      throw new WeightsError('the file ends before its storages do (is it cut short?)');
    const head = await source.read(at, 8);
    const count = Number(new DataView(head.buffer, head.byteOffset).getBigInt64(0, true));
    const size = storage.dtype === null ? oddSizes[storage.type] : bytesPerElement(storage.dtype);
    const length = count * (size ?? NaN);
    if (!(count >= 0 && at + 8 + length <= source.size)) {
      throw new WeightsError(
        `storage ${quoteName(storage.key)}: expected ${count} elements within the file (is it cut short?)`,
      );
    }
    places.set(storage.key, { offset: at + 8, length });
    at += 8 + length;
  }
  return places;
}

/** Of types that we have none for, but must pass over. */
const oddSizes: Readonly<Record<string, number | undefined>> = {
  ShortStorage: 2,
  CharStorage: 1,
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
};

/** Every storage in a value, each object looked at once: a pickle can hold itself. */
function storagesIn(root: PickleValue): ReadonlyMap<string, TorchStorage> {
  const found = new Map<string, TorchStorage>();
  const seen = new Set<object>();
  const waiting: PickleValue[] = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (seen.size > MOST_VALUES)
      throw new WeightsError(`expected at most ${MOST_VALUES} values in the pickle`);
    if (value instanceof TorchStorage) found.set(value.key, value);
    else if (value instanceof TorchTensor) waiting.push(value.storage);
    else if (value instanceof PickleTuple) for (const item of value.items) waiting.push(item);
    else if (Array.isArray(value)) for (const item of value) waiting.push(item);
    else if (value instanceof PickleDict)
      for (const [key, item] of value.members) waiting.push(key, item);
  }
  return found;
}
