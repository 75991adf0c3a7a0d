import {
  bytesPerElement,
  elementCount,
  tensor,
  viewBytes,
  type Tensor,
} from '../../tensor/index.js';
import type { ByteSource } from '../byte-source.js';
import { quoteName, WeightsError } from '../errors.js';
import { checkpointOf, type Checkpoint, type TensorEntry } from '../safetensors.js';
import { legacyStorages } from './legacyFile.js';
import type { StoragePlace, TorchTensor } from './pickleValues.js';
import { stateDictOf, type TorchStateDict } from './stateDict.js';
import { longestPickle, unpickle } from './unpickle.js';
import { locateEntry, readZipDirectory, type ZipEntry } from './zip.js';

/** Weights that are in use twice are counted twice; a file that names its bytes more often is an attack. */
const MOST_USES = 8;

/**
 * Opens a file that torch's `save` has made (`.pth`, `.pt`, `.ckpt`, `.bin`; of today, a zip archive, or from before version 1.6):
 * reads which tensors there are. Pickles are programs; this one is read by a closed vocabulary and never run.
 * @throws WeightsError for a file that is none, cut, or asks for anything besides tensors, storages, dicts and numbers.
 */
export async function openTorch(source: ByteSource): Promise<Checkpoint> {
  try {
    return await openEither(source);
  } catch (error) {
    if (!(error instanceof WeightsError) || error.message.startsWith(source.name)) throw error;
    throw new WeightsError(`${source.name}: ${error.message}`, { cause: error });
  }
}

async function openEither(source: ByteSource): Promise<Checkpoint> {
  const head = await source.read(0, Math.min(4, source.size));
  if (isZip(head)) return openArchive(source);
  const { value, places } = await legacyStorages(source);
  return checkpoint(source, stateDictOf(value), places);
}

/** Whether bytes begin as a zip archive does, and so as the files of torch's `save`. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
}

/** What a pickle of weights begins with: a number (torch's magic), a frame, a mark, a dict, a list, a class or a text. */
const firstOpcodes = new Set([0x8a, 0x95, 0x28, 0x7d, 0x5d, 0x63, 0x58, 0x8c]);

/**
 * Whether bytes begin as a pickle of protocol 2 or later does. The length of a safetensors header may begin with the
 * same two bytes, 0x80 0x02; the next is above 40 only in headers of megabytes.
 */
export function isPickled(head: Uint8Array): boolean {
  return head[0] === 0x80 && head[1] >= 2 && head[1] <= 5 && firstOpcodes.has(head[2]);
}

async function openArchive(source: ByteSource): Promise<Checkpoint> {
  const entries = await readZipDirectory(source);
  const name = [...entries.keys()].find(
    (path) => path === 'data.pkl' || path.endsWith('/data.pkl'),
  );
  const pickle = name === undefined ? undefined : entries.get(name);
  if (name === undefined || !pickle) {
    const got = [...entries.keys()].slice(0, 3).map(quoteName).join(', ');
    throw new WeightsError(
      `expected an archive of torch with a data.pkl, got one of ${got || 'nothing'}`,
    );
  }
  const folder = name.slice(0, -'data.pkl'.length);
  const order = entries.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(await readEntry(source, order)) === 'big') {
    throw new WeightsError('expected little-endian weights, got big-endian ones');
  }
  const { value } = unpickle(await readEntry(source, pickle));
  const state = stateDictOf(value);
  const places = new Map<string, StoragePlace>();
  for (const { storage } of state.tensors.values()) {
    if (places.has(storage.key)) continue;
    const entry = entries.get(`${folder}data/${storage.key}`);
    if (!entry) throw new WeightsError(`storage ${quoteName(storage.key)} is not in the archive`);
    places.set(storage.key, await locateEntry(source, entry));
  }
  return checkpoint(source, state, places);
}

async function readEntry(source: ByteSource, entry: ZipEntry): Promise<Uint8Array> {
  const { offset, length } = await locateEntry(source, entry);
  if (length > longestPickle)
    throw new WeightsError(`${quoteName(entry.name)} is too long for a list of weights`);
  return source.read(offset, length);
}

function checkpoint(
  source: ByteSource,
  { tensors, ignored }: TorchStateDict,
  places: ReadonlyMap<string, StoragePlace>,
): Checkpoint {
  const strided = new Map<string, TorchTensor>();
  const left = [...ignored];
  const entries: TensorEntry[] = [];
  for (const [name, weight] of tensors) {
    const place = places.get(weight.storage.key);
    const { dtype } = weight.storage;
    if (dtype === null) left.push(`${name} (${weight.storage.type})`);
    else if (place) {
      const entry = entryOf(name, weight, dtype, place);
      entries.push({ ...entry, file: source.name });
      if (!isContiguous(weight)) strided.set(name, weight);
    }
  }
  const total = entries.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (total > MOST_USES * source.size) {
    throw new WeightsError(
      `expected at most ${MOST_USES * source.size} bytes of tensors in it, got ${total}`,
    );
  }
  const metadata = left.length > 0 ? { 'torch.ignored': left.join(', ') } : {};
  return checkpointOf(entries, metadata, async (entry) => {
    const weight = strided.get(entry.name);
    const bytes = await source.read(entry.offset, entry.byteLength);
    const elements = viewBytes(entry.dtype, bytes);
    return weight ? gather(entry, weight, elements) : tensor(entry.dtype, entry.shape, elements);
  });
}

/** Where a tensor's elements lie: from its first to its last, which for a transposed one is in another order. */
function entryOf(
  name: string,
  weight: TorchTensor,
  dtype: TensorEntry['dtype'],
  place: StoragePlace,
): Omit<TensorEntry, 'file'> {
  const { shape, strides, offset, storage } = weight;
  const size = bytesPerElement(dtype);
  const count = elementCount(shape);
  const span = count === 0 ? 0 : shape.reduce((sum, n, axis) => sum + (n - 1) * strides[axis], 1);
  const end = (offset + span) * size;
  const isOutside =
    !Number.isSafeInteger(count) || !(end <= place.length) || offset + span > storage.length;
  // One element shown as many is no weight, and could fill the memory.
  if (isOutside || count > span) {
    throw new WeightsError(
      `tensor ${quoteName(name)}: expected its elements within its storage of ${place.length} bytes`,
    );
  }
  const at = { offset: place.offset + offset * size, byteLength: span * size };
  const isDense = isContiguous(weight);
  return { name, dtype, shape, ...at, ...(!isDense && { strides }) };
}

function isContiguous({ shape, strides }: TorchTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 0) return true;
    if (shape[axis] > 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** The elements of a transposed view in row-major order. */
function gather(
  entry: TensorEntry,
  { shape, strides }: TorchTensor,
  elements: Tensor['data'],
): Tensor {
  const count = elementCount(shape);
  const Elements = elements.constructor as new (length: number) => typeof elements;
  const result = new Elements(count);
  for (let i = 0; i < count; i++) {
    let [rest, from] = [i, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    result[i] = elements[from];
  }
  return tensor(entry.dtype, shape, result);
}
