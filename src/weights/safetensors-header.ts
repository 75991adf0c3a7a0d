// The header of a safetensors file: 8 bytes with its length (little-endian), then JSON, then the data.
// Format: https://github.com/huggingface/safetensors, "Format".

import {
  bytesPerElement,
  formatShape,
  type DType,
  type Shape,
  type Tensor,
} from '../tensor/index.js';
import { quoteName, WeightsError } from './errors.js';
import { asJsonObject, parseStrictJson, type JsonValue } from './strict-json.js';
import type { TensorType } from './tensor-source.js';

/** The limit of the reference implementation, against headers made to exhaust memory. */
const MAX_HEADER_BYTES = 100_000_000;

const METADATA_KEY = '__metadata__';

const dtypeCodes = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  uint8: 'U8',
  bool: 'BOOL',
} as const satisfies Record<DType, string>;

/** One tensor of a header; `begin` and `end` count bytes from the start of the data. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the file's JSON. */
  readonly entries: readonly HeaderEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The length of the JSON that follows the first 8 bytes of a file of `fileBytes` bytes.
 * @throws WeightsError when the file cannot hold that header, or the header exceeds 100 MB.
 */
export function parseHeaderLength(start: Uint8Array, fileBytes: number): number {
  if (start.byteLength < 8) {
    throw new WeightsError(`expected a safetensors file of at least 8 bytes, got ${fileBytes}`);
  }
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(fileBytes - 8)) {
    throw new WeightsError(
      `expected a header that fits the file of ${fileBytes} bytes, got one of ${length} bytes ` +
        `(truncated, or not a safetensors file)`,
    );
  }
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new WeightsError(`expected a header of at most ${MAX_HEADER_BYTES} bytes, got ${length}`);
  }
  return Number(length);
}

/**
 * Parses and validates the JSON of a header whose data take `dataBytes` bytes.
 * @throws WeightsError unless the tensors cover the data exactly, without overlaps or holes.
 */
export function parseHeader(json: Uint8Array, dataBytes: number): SafetensorsHeader {
  const root = asJsonObject(parseStrictJson(decodeHeader(json)));
  if (!root) throw new WeightsError('expected the header to be a JSON object');
  const entries: HeaderEntry[] = [];
  for (const [name, value] of root) {
    if (name !== METADATA_KEY) entries.push(parseEntry(name, value));
  }
  checkCoverage(entries, dataBytes);
  return { entries, metadata: parseMetadata(root.get(METADATA_KEY)) };
}

function decodeHeader(json: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
  } catch {
    throw new WeightsError('expected the header to be UTF-8');
  }
  if (!text.startsWith('{')) {
    throw new WeightsError(
      `expected the header to start with "{", got ${quoteName(text.slice(0, 12))}`,
    );
  }
  return text;
}

function parseMetadata(value: JsonValue | undefined): Record<string, string> {
  if (value === undefined) return {};
  const object = asJsonObject(value);
  if (!object) throw new WeightsError(`expected ${METADATA_KEY} to be an object`);
  const pairs = Array.from(object, ([key, text]): [string, string] => {
    if (typeof text === 'string') return [key, text];
    throw new WeightsError(`${METADATA_KEY} ${quoteName(key)}: expected a string`);
  });
  return Object.fromEntries(pairs);
}

function parseEntry(name: string, value: JsonValue): HeaderEntry {
  const fail = (problem: string): never => {
    throw new WeightsError(`tensor ${quoteName(name)}: ${problem}`);
  };
  const fields =
    asJsonObject(value) ?? fail('expected an object with dtype, shape and data_offsets');
  for (const key of fields.keys()) {
    if (!['dtype', 'shape', 'data_offsets'].includes(key)) fail(`unknown field ${quoteName(key)}`);
  }
  const dtype = parseDType(fields.get('dtype')) ?? fail(describeDType(fields.get('dtype')));
  const shape =
    parseIntegers(fields.get('shape')) ?? fail('expected shape to be a list of integers >= 0');
  const offsets = parseIntegers(fields.get('data_offsets'));
  if (offsets?.length !== 2) return fail('expected data_offsets to be two integers >= 0');
  const [begin, end] = offsets;
  if (end < begin) fail(`expected data_offsets in order, got [${begin}, ${end}]`);
  const bytes = byteLengthOf(dtype, shape);
  if (end - begin !== bytes) {
    const wanted = Number.isSafeInteger(bytes) ? `${bytes} bytes` : 'more than 2^53 bytes';
    const described = `${dtypeCodes[dtype]} ${formatShape(shape)}`;
    fail(`expected ${wanted} for ${described}, got data_offsets of ${end - begin} bytes`);
  }
  return { name, dtype, shape, begin, end };
}

function parseDType(code: JsonValue | undefined): DType | undefined {
  return (Object.keys(dtypeCodes) as DType[]).find((dtype) => dtypeCodes[dtype] === code);
}

function describeDType(code: JsonValue | undefined): string {
  const got = typeof code === 'string' ? quoteName(code) : 'no dtype';
  return `expected dtype ${Object.values(dtypeCodes).join(', ')}, got ${got}`;
}

function parseIntegers(value: JsonValue | undefined): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const integers = value as readonly JsonValue[];
  return integers.every(isSize) ? integers : undefined;
}

function isSize(value: JsonValue): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Infinity once a partial product cannot be exact, whatever follows: a later 0 must not hide it. */
function byteLengthOf(dtype: DType, shape: Shape): number {
  let bytes = bytesPerElement(dtype);
  for (const dimension of shape) {
    bytes *= dimension;
    if (!Number.isSafeInteger(bytes)) return Infinity;
  }
  return bytes;
}

function checkCoverage(entries: readonly HeaderEntry[], dataBytes: number): void {
  const inOrder = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  let previous = '';
  for (const { name, begin, end } of inOrder) {
    if (begin < covered) {
      throw new WeightsError(`tensor ${quoteName(name)}: its bytes overlap those of ${previous}`);
    }
    if (begin > covered) {
      const hole = begin - covered;
      throw new WeightsError(`tensor ${quoteName(name)}: a hole of ${hole} bytes lies before it`);
    }
    if (end > dataBytes) {
      throw new WeightsError(
        `tensor ${quoteName(name)}: its bytes end at ${end}, but the file holds ${dataBytes} ` +
          `bytes of data (truncated?)`,
      );
    }
    covered = end;
    previous = quoteName(name);
  }
  if (covered < dataBytes) {
    throw new WeightsError(`${dataBytes - covered} bytes after the end of the last tensor`);
  }
}

/** The first bytes of a file that holds tensors of these types in their order: length and padded JSON. */
export function encodeHeader(
  types: ReadonlyMap<string, TensorType>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  checkMetadata(metadata);
  // Text, not an object: an object would move integer-like keys to the front.
  const members = [`${JSON.stringify(METADATA_KEY)}:${JSON.stringify(metadata)}`];
  let offset = 0;
  for (const [name, { dtype, shape }] of types) {
    if (name === METADATA_KEY) throw new WeightsError(`${METADATA_KEY} cannot name a tensor`);
    const end = offset + byteLengthOf(dtype, shape);
    const entry = { dtype: dtypeCodes[dtype], shape, data_offsets: [offset, end] };
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    offset = end;
  }
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  if (padded > MAX_HEADER_BYTES) {
    throw new WeightsError(`expected a header of at most ${MAX_HEADER_BYTES} bytes, got ${padded}`);
  }
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  return bytes;
}

function checkMetadata(metadata: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw new WeightsError(
        `${METADATA_KEY} ${quoteName(key)}: expected a string, got ${typeof value}`,
      );
    }
  }
}

/** @throws WeightsError unless the tensor has as many bytes as its type says. */
export function checkTensor(name: string, { dtype, shape, data }: Tensor): void {
  if (name === METADATA_KEY) throw new WeightsError(`${METADATA_KEY} cannot name a tensor`);
  const expected = byteLengthOf(dtype, shape);
  if (expected !== data.byteLength || shape.some((dimension) => !isSize(dimension))) {
    throw new WeightsError(
      `tensor ${quoteName(name)}: expected ${expected} bytes for ${dtype} ${formatShape(shape)}, ` +
        `got ${data.byteLength}`,
    );
  }
}
