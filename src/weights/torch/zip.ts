import type { ByteSource } from '../byte-source.js';
import { quoteName, WeightsError } from '../errors.js';

/** A file in an archive, as it lies there: torch does not compress. */
export interface ZipEntry {
  readonly name: string;
  /** Of its bytes, from the start of the archive. */
  readonly offset: number;
  readonly length: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const WIDE = 0xffffffff;
const LONGEST_COMMENT = 65_535;
const LARGEST_DIRECTORY = 64 * 2 ** 20;

/**
 * The files of a zip archive (APPNOTE 6.3, with the extensions for 64 bits), from its directory.
 * @throws WeightsError for an archive that is cut, compressed, encrypted or contradicts itself.
 */
export async function readZipDirectory(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const { offset, length } = await findDirectory(source);
  if (length > LARGEST_DIRECTORY || offset + length > source.size) {
    throw new WeightsError('expected the directory of a zip archive within the file');
  }
  const bytes = await source.read(offset, length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  while (at + 46 <= length && view.getUint32(at, true) === DIRECTORY) {
    const entry = readEntry(bytes, view, at);
    if (entries.has(entry.name))
      throw new WeightsError(`${quoteName(entry.name)} is in the archive twice`);
    entries.set(entry.name, entry);
    at +=
      46 +
      view.getUint16(at + 28, true) +
      view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
  }
  if (at !== length) throw new WeightsError('the directory of the zip archive is damaged');
  return entries;
}

/** Where the bytes of an entry begin is said by its local header alone. */
export async function locateEntry(source: ByteSource, entry: ZipEntry): Promise<ZipEntry> {
  if (entry.offset + 30 > source.size) throw outside(entry);
  const bytes = await source.read(entry.offset, 30);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== LOCAL) throw outside(entry);
  const offset = entry.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (offset + entry.length > source.size) throw outside(entry);
  return { ...entry, offset };
}

function outside({ name }: ZipEntry): WeightsError {
  return new WeightsError(
    `${quoteName(name)} does not lie where the archive says (is the file cut short?)`,
  );
}

async function findDirectory(source: ByteSource): Promise<{ offset: number; length: number }> {
  const tail = Math.min(source.size, 22 + LONGEST_COMMENT);
  const bytes = await source.read(source.size - tail, tail);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = tail - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== END) continue;
    const length = view.getUint32(at + 12, true);
    const offset = view.getUint32(at + 16, true);
    if (offset !== WIDE && length !== WIDE && view.getUint16(at + 10, true) !== 0xffff)
      return { offset, length };
    return findDirectory64(source, source.size - tail + at);
  }
  throw new WeightsError('expected the end of a zip archive, got none (is the file cut short?)');
}

async function findDirectory64(
  source: ByteSource,
  end: number,
): Promise<{ offset: number; length: number }> {
  const problem = new WeightsError('expected the 64-bit end of a zip archive, got none');
  if (end < 20) throw problem;
  const locator = viewOf(await source.read(end - 20, 20));
  const at = Number(locator.getBigUint64(8, true));
  if (locator.getUint32(0, true) !== LOCATOR_64 || at + 56 > source.size) throw problem;
  const record = viewOf(await source.read(at, 56));
  if (record.getUint32(0, true) !== END_64) throw problem;
  return {
    length: Number(record.getBigUint64(40, true)),
    offset: Number(record.getBigUint64(48, true)),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readEntry(bytes: Uint8Array, view: DataView, at: number): ZipEntry {
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const extra = at + 46 + nameLength;
  if (extra + extraLength > bytes.length)
    throw new WeightsError('the directory of the zip archive is damaged');
  const name = new TextDecoder().decode(bytes.subarray(at + 46, extra));
  if ((view.getUint16(at + 8, true) & 1) !== 0 || view.getUint16(at + 10, true) !== 0) {
    throw new WeightsError(
      `${quoteName(name)}: expected a file as torch stores it, got a compressed or encrypted one`,
    );
  }
  const wide = wideFields(view, extra, extra + extraLength);
  const field = (value: number): number => (value === WIDE ? (wide.shift() ?? value) : value);
  // In this order: the wide fields are only those that did not fit.
  const size = field(view.getUint32(at + 24, true));
  field(view.getUint32(at + 20, true));
  return { name, length: size, offset: field(view.getUint32(at + 42, true)) };
}

function wideFields(view: DataView, start: number, end: number): number[] {
  for (let at = start; at + 4 <= end;) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      const count = Math.floor(Math.min(length, end - at - 4) / 8);
      return Array.from({ length: count }, (_, i) =>
        Number(view.getBigUint64(at + 4 + i * 8, true)),
      );
    }
    at += 4 + length;
  }
  return [];
}
