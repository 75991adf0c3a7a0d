// EXIF is a TIFF without a picture. libvips passes it through everywhere except in TIFF itself, where its
// entries stand among those of the picture; this moves them between the two.

/** One entry of a directory, its value in the tree's byte order. */
export interface ExifEntry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  readonly value: Uint8Array;
  /** The entries of the directory that a pointer points to. */
  readonly directory?: readonly ExifEntry[];
}

export interface ExifTree {
  readonly little: boolean;
  readonly entries: readonly ExifEntry[];
}

const PREFIX = Uint8Array.from('Exif\0\0', (character) => character.charCodeAt(0));
/** Bytes of a value, by type. */
const typeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
/** Bytes that are turned round together where the byte order changes; rational numbers are pairs. */
const unitBytes = [0, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8, 4];
const LONG = 4;
const PIXEL_WIDTH = 0xa002;
const PIXEL_HEIGHT = 0xa003;
const ENTRY_BYTES = 12;
/** EXIF, GPS, and interoperability. */
const pointers: ReadonlySet<number> = new Set([0x8769, 0x8825, 0xa005]);
/** What a TIFF's first directory says about the photo rather than about how its pixels are stored. */
const descriptive: ReadonlySet<number> = new Set([
  ...[0x010e, 0x010f, 0x0110, 0x0131, 0x0132, 0x013b, 0x013c, 0x4746, 0x4749, 0x8298],
  ...[0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e, 0x9c9f, 0x8769, 0x8825],
]);

/** The tree of a TIFF, or of EXIF bytes; undefined where there is none that can be read. */
export function parseExif(bytes: Uint8Array): ExifTree | undefined {
  const body = startsWith(bytes, PREFIX) ? bytes.subarray(PREFIX.length) : bytes;
  if (body.length < 8) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const little = view.getUint16(0) === 0x4949;
  if (view.getUint16(2, little) !== 42) return undefined;
  return { little, entries: readDirectory(view, view.getUint32(4, little), little, 0) };
}

/** EXIF bytes of a tree. */
export function formatExif({ little, entries }: ExifTree): Uint8Array {
  const directory = formatDirectory(entries, little, 8);
  const bytes = new Uint8Array(PREFIX.length + 8 + directory.length);
  bytes.set(PREFIX);
  const view = new DataView(bytes.buffer, PREFIX.length);
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  bytes.set(directory, PREFIX.length + 8);
  return bytes;
}

/** What a tree says about the photo, without how the pixels of its file are stored. */
export function descriptiveTree({ little, entries }: ExifTree): ExifTree {
  return { little, entries: entries.filter(({ tag }) => descriptive.has(tag)) };
}

/** The tree of a picture of another size: what it says about the sides becomes true again. */
export function withPixelSize(
  { little, entries }: ExifTree,
  width: number,
  height: number,
): ExifTree {
  const sized = (entry: ExifEntry): ExifEntry => {
    const directory = entry.directory?.map(sized);
    if (directory) return { ...entry, directory };
    if (entry.tag !== PIXEL_WIDTH && entry.tag !== PIXEL_HEIGHT) return entry;
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, entry.tag === PIXEL_WIDTH ? width : height, little);
    return { tag: entry.tag, type: LONG, count: 1, value };
  };
  return { little, entries: entries.map(sized) };
}

/** The same tree in the other byte order, if it is not in this one. */
export function inByteOrder(tree: ExifTree, little: boolean): ExifTree {
  if (tree.little === little) return tree;
  const turned = (entry: ExifEntry): ExifEntry => ({
    ...entry,
    value: reversed(entry.value, unitBytes[entry.type]),
    ...(entry.directory && { directory: entry.directory.map(turned) }),
  });
  return { little, entries: tree.entries.map(turned) };
}

/**
 * The bytes of a directory that begins `at` so many bytes into its file: entries, those values that are larger
 * than four bytes, and the directories below.
 */
export function formatDirectory(
  entries: readonly ExifEntry[],
  little: boolean,
  at: number,
  next = 0,
): Uint8Array {
  const sorted = entries.toSorted((a, b) => a.tag - b.tag);
  const head = new Uint8Array(2 + ENTRY_BYTES * sorted.length + 4);
  const view = new DataView(head.buffer);
  view.setUint16(0, sorted.length, little);
  view.setUint32(head.length - 4, next, little);
  const tail: Uint8Array[] = [];
  let end = at + head.length;
  for (const [i, { tag, type, count, value, directory }] of sorted.entries()) {
    const entry = 2 + ENTRY_BYTES * i;
    view.setUint16(entry, tag, little);
    view.setUint16(entry + 2, type, little);
    view.setUint32(entry + 4, count, little);
    if (!directory && value.length <= 4) {
      head.set(value, entry + 8);
      continue;
    }
    view.setUint32(entry + 8, end, little);
    const bytes = directory ? formatDirectory(directory, little, end) : value;
    const padded = new Uint8Array(bytes.length + (bytes.length % 2));
    padded.set(bytes);
    tail.push(padded);
    end += padded.length;
  }
  const all = new Uint8Array(end - at);
  all.set(head);
  let offset = head.length;
  for (const bytes of tail) {
    all.set(bytes, offset);
    offset += bytes.length;
  }
  return all;
}

function readDirectory(view: DataView, at: number, little: boolean, depth: number): ExifEntry[] {
  if (at < 8 || at + 2 > view.byteLength || depth > 2) return [];
  const count = view.getUint16(at, little);
  const entries: ExifEntry[] = [];
  for (let i = 0; i < count; i++) {
    const entry = at + 2 + ENTRY_BYTES * i;
    if (entry + ENTRY_BYTES > view.byteLength) break;
    const read = readEntry(view, entry, little, depth);
    if (read) entries.push(read);
  }
  return entries;
}

function readEntry(
  view: DataView,
  at: number,
  little: boolean,
  depth: number,
): ExifEntry | undefined {
  const tag = view.getUint16(at, little);
  const type = view.getUint16(at + 2, little);
  const count = view.getUint32(at + 4, little);
  const length = count * (typeBytes[type] ?? 0);
  if (length === 0) return undefined;
  const from = length <= 4 ? at + 8 : view.getUint32(at + 8, little);
  if (from + length > view.byteLength) return undefined;
  const value = new Uint8Array(view.buffer, view.byteOffset + from, length).slice();
  if (!pointers.has(tag) || type !== LONG) return { tag, type, count, value };
  const directory = readDirectory(view, view.getUint32(at + 8, little), little, depth + 1);
  return { tag, type, count, value, directory };
}

function reversed(bytes: Uint8Array, unit: number): Uint8Array {
  const turned = bytes.slice();
  for (let at = 0; at + unit <= turned.length; at += unit) turned.subarray(at, at + unit).reverse();
  return turned;
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}
