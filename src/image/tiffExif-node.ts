import { open } from 'node:fs/promises';
import {
  descriptiveTree,
  formatDirectory,
  inByteOrder,
  parseExif,
  withPixelSize,
} from './exifTree.js';

const ENTRY_BYTES = 12;

/**
 * Adds what EXIF bytes say about a photo to the first directory of a TIFF file. The picture stays where it is;
 * the new directory comes after it.
 */
export async function addTiffExif(
  path: string,
  exif: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<void> {
  const parsed = parseExif(exif);
  if (!parsed) return;
  const tree = withPixelSize(parsed, width, height);
  const file = await open(path, 'r+');
  try {
    const header = Buffer.alloc(8);
    await file.read(header, 0, 8, 0);
    const view = new DataView(header.buffer, header.byteOffset, 8);
    const little = view.getUint16(0) === 0x4949;
    // A BigTIFF, above 2 GB, has directories of another kind.
    if (view.getUint16(2, little) !== 42) return;
    const at = view.getUint32(4, little);
    const start = Buffer.alloc(2);
    await file.read(start, 0, 2, at);
    const count = new DataView(start.buffer, start.byteOffset).getUint16(0, little);
    const raw = Buffer.alloc(ENTRY_BYTES * count + 4);
    await file.read(raw, 0, raw.length, at + 2);
    const { size } = await file.stat();
    const end = size + (size % 2);
    const { entries } = descriptiveTree(inByteOrder(tree, little));
    await file.write(joinDirectories(raw, count, little, entries, end), 0, undefined, end);
    view.setUint32(4, end, little);
    await file.write(header, 0, 8, 0);
  } finally {
    await file.close();
  }
}

/** The raw entries of a directory with others among them; those that are there already stay. */
function joinDirectories(
  raw: Buffer,
  count: number,
  little: boolean,
  entries: Parameters<typeof formatDirectory>[0],
  at: number,
): Uint8Array {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const own = new Map<number, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const entry = raw.subarray(ENTRY_BYTES * i, ENTRY_BYTES * (i + 1));
    own.set(view.getUint16(ENTRY_BYTES * i, little), entry);
  }
  const added = entries.filter(({ tag }) => !own.has(tag));
  const placeholders = [...own].map(([tag]) => ({
    ...{ tag, type: 4, count: 1, value: new Uint8Array(4) },
  }));
  const next = view.getUint32(ENTRY_BYTES * count, little);
  const joined = formatDirectory([...placeholders, ...added], little, at, next);
  const joinedView = new DataView(joined.buffer);
  for (let i = 0; i < own.size + added.length; i++) {
    const entry = own.get(joinedView.getUint16(2 + ENTRY_BYTES * i, little));
    if (entry) joined.set(entry, 2 + ENTRY_BYTES * i);
  }
  return joined;
}
