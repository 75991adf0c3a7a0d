import { open } from 'node:fs/promises';
import {
  descriptiveTree,
  formatDirectory,
  inByteOrder,
  parseExif,
  withPixelSize,
  type ExifTree,
} from './exifTree.js';

const ENTRY_BYTES = 12;
const IPTC = 0x83bb;
const UNDEFINED = 7;

/** What libvips does not write into a TIFF, or only a quarter of. */
export interface TiffNotes {
  readonly exif: Uint8Array | undefined;
  readonly iptc: Uint8Array | undefined;
  /** Of the picture, in pixels. */
  readonly width: number;
  readonly height: number;
}

/**
 * Adds notes about a photo to the first directory of a TIFF file. The picture stays where it is; the new
 * directory comes after it.
 */
export async function addTiffNotes(path: string, notes: TiffNotes): Promise<void> {
  const { exif, iptc, width, height } = notes;
  const tree = exif && parseExif(exif);
  const described = tree && descriptiveTree(withPixelSize(tree, width, height));
  if (!described && !iptc) return;
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
    const entries = [
      ...(described ? inByteOrder(described, little).entries : []),
      ...(iptc ? [{ tag: IPTC, type: UNDEFINED, count: iptc.length, value: iptc }] : []),
    ];
    await file.write(joinDirectories(raw, count, little, entries, end), 0, undefined, end);
    view.setUint32(4, end, little);
    await file.write(header, 0, 8, 0);
  } finally {
    await file.close();
  }
}

/** The IPTC of a TIFF. */
export function tiffIptc({ entries }: ExifTree): Uint8Array | undefined {
  return entries.find(({ tag }) => tag === IPTC)?.value;
}

/** The raw entries of a directory with others among them; but for IPTC, those that are there already stay. */
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
    const tag = view.getUint16(ENTRY_BYTES * i, little);
    if (tag !== IPTC) own.set(tag, entry);
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
