// Typed arrays have the byte order of the machine, safetensors is little-endian, and so is every machine
// that Node and browsers still run on.

import { tensor, viewBytes, type Tensor, type Weights } from '../tensor/index.js';
import type { ByteSource } from './byte-source.js';
import { labelled, quoteName, WeightsError } from './errors.js';
import { checkTensor, encodeHeader, parseHeader, parseHeaderLength } from './safetensors-header.js';
import type { TensorSource, TensorType } from './tensor-source.js';

const CHUNK_BYTES = 8 * 1024 * 1024;

/** Where a tensor lies: `byteLength` bytes at `offset` from the start of `file`. */
export interface TensorEntry extends TensorType {
  readonly name: string;
  readonly file: string;
  readonly offset: number;
  readonly byteLength: number;
  /** How far apart the elements of an axis lie, where that is not in row-major order: what is read is. */
  readonly strides?: readonly number[];
}

/** Weights on disk or in a blob, of which only the headers have been read. */
export interface Checkpoint extends TensorSource {
  /** By name, in the order of the file. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readAll(): Promise<Map<string, Tensor>>;
}

/**
 * Opens a safetensors file: reads its header and nothing else.
 * @throws WeightsError naming the source (and tensor) when it is not, to the byte, a safetensors file.
 */
export async function openSafetensors(source: ByteSource): Promise<Checkpoint> {
  const start = await source.read(0, Math.min(8, source.size));
  const headerBytes = labelled(source.name, () => parseHeaderLength(start, source.size));
  const dataOffset = 8 + headerBytes;
  const json = await source.read(8, headerBytes);
  const header = labelled(source.name, () => parseHeader(json, source.size - dataOffset));
  const entries = header.entries.map(({ name, dtype, shape, begin, end }): TensorEntry => {
    const place = { file: source.name, offset: dataOffset + begin, byteLength: end - begin };
    return { name, dtype, shape, ...place };
  });
  return checkpointOf(entries, header.metadata, (entry) => readTensor(source, entry));
}

async function readTensor(source: ByteSource, entry: TensorEntry): Promise<Tensor> {
  const bytes = await source.read(entry.offset, entry.byteLength).catch((error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    throw new WeightsError(`tensor ${quoteName(entry.name)}: ${problem}`, { cause: error });
  });
  return tensor(entry.dtype, entry.shape, viewBytes(entry.dtype, bytes));
}

/** A checkpoint with these entries, each of which `readEntry` can read. */
export function checkpointOf(
  entries: readonly TensorEntry[],
  metadata: Readonly<Record<string, string>>,
  readEntry: (entry: TensorEntry) => Promise<Tensor>,
): Checkpoint {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return {
    entries: byName,
    metadata,
    read: async (name) => {
      const entry = byName.get(name);
      if (!entry) throw new WeightsError(`no tensor ${quoteName(name)} among ${byName.size}`);
      return readEntry(entry);
    },
    readAll: async () => {
      // One after the other: reading all at once would only hold more buffers and files busy.
      const weights = new Map<string, Tensor>();
      for (const entry of entries) weights.set(entry.name, await readEntry(entry));
      return weights;
    },
  };
}

/**
 * The bytes of a safetensors file in chunks of at most 8 MiB, without a copy of the tensors. The same
 * weights in the same order give the same bytes.
 * @throws WeightsError, before the first chunk, for weights that the format cannot hold.
 */
export function encodeSafetensors(
  weights: Weights,
  metadata: Readonly<Record<string, string>> = {},
): Iterable<Uint8Array> {
  for (const [name, weight] of weights) checkTensor(name, weight);
  const header = encodeHeader(weights, { format: 'pt', ...metadata });
  return chunksOf(header, weights);
}

function* chunksOf(header: Uint8Array, weights: Weights): Generator<Uint8Array> {
  yield header;
  for (const weight of weights.values()) yield* slicesOf(weight);
}

/**
 * The same bytes of weights that are read or made one at a time, so that one is in memory at any moment.
 * @throws WeightsError for weights that the format cannot hold, or that are not of the type that was said.
 */
export async function* streamSafetensors(
  source: TensorSource,
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array> {
  yield encodeHeader(source.entries, { format: 'pt', ...metadata });
  for (const [name, type] of source.entries) {
    const weight = await source.read(name);
    if (weight.dtype !== type.dtype) {
      const problem = `expected ${type.dtype}, got ${weight.dtype}`;
      throw new WeightsError(`tensor ${quoteName(name)}: ${problem}`);
    }
    checkTensor(name, { ...weight, shape: type.shape });
    yield* slicesOf(weight);
  }
}

function* slicesOf({ data }: Tensor): Generator<Uint8Array> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    yield bytes.subarray(offset, offset + CHUNK_BYTES);
  }
}
