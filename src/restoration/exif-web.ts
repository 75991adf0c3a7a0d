// EXIF is a TIFF structure: tables ("IFDs") of tagged values, in the byte order that its header names.
import { viewOf, type Bytes } from './bytes-web.js';

const tags = {
  orientation: 0x0112,
  xResolution: 0x011a,
  yResolution: 0x011b,
  exifTable: 0x8769,
  pixelWidth: 0xa002,
  pixelHeight: 0xa003,
  thumbnailOffset: 0x0201,
  thumbnailLength: 0x0202,
} as const;

const SHORT = 3;
const LONG = 4;
const ENTRY_BYTES = 12;

/** The picture that EXIF data is to describe. */
export interface DescribedPicture {
  readonly width: number;
  readonly height: number;
  /** Output pixels a side for one input pixel: the resolution grows along, so that prints keep their size. */
  readonly scale: number;
}

/**
 * EXIF data of a picture, made to describe the restored one: upright, in its new size, without the small picture of
 * the old one. Null where the data are no TIFF structure.
 */
export function adaptExif(exif: Uint8Array, picture: DescribedPicture): Bytes | null {
  const copy = Uint8Array.from(exif);
  try {
    return adapt(copy, picture) ? copy : null;
  } catch (error) {
    // A table that points beyond the data.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function adapt(bytes: Bytes, { width, height, scale }: DescribedPicture): boolean {
  const view = viewOf(bytes);
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return false;
  const little = order === 0x4949;
  if (view.getUint16(2, little) !== 42) return false;
  const first = view.getUint32(4, little);
  const entries = entriesOf(view, first, little);
  const set = (at: number | undefined, value: number): void => {
    if (at === undefined) return;
    const type = value > 0xffff ? LONG : SHORT;
    view.setUint16(at + 2, type, little);
    view.setUint32(at + 8, 0);
    if (type === SHORT) view.setUint16(at + 8, value, little);
    else view.setUint32(at + 8, value, little);
  };
  set(entries.get(tags.orientation), 1);
  for (const tag of [tags.xResolution, tags.yResolution]) {
    const at = entries.get(tag);
    if (at !== undefined) scaleRational(view, view.getUint32(at + 8, little), scale, little);
  }
  const nested = entries.get(tags.exifTable);
  if (nested !== undefined) {
    const inner = entriesOf(view, view.getUint32(nested + 8, little), little);
    set(inner.get(tags.pixelWidth), width);
    set(inner.get(tags.pixelHeight), height);
  }
  removeThumbnail(bytes, view, first + 2 + entries.size * ENTRY_BYTES, little);
  return true;
}

/** Where the entries of a table are, by tag. */
function entriesOf(view: DataView, table: number, little: boolean): Map<number, number> {
  const count = view.getUint16(table, little);
  const entries = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const at = table + 2 + i * ENTRY_BYTES;
    entries.set(view.getUint16(at, little), at);
  }
  if (entries.size !== count) throw new RangeError('expected each tag once');
  return entries;
}

function scaleRational(view: DataView, at: number, scale: number, little: boolean): void {
  const [dividend, divisor] = [view.getUint32(at, little), view.getUint32(at + 4, little)];
  if (divisor === 0) return;
  const scaled = (dividend / divisor) * scale;
  view.setUint32(at, Math.round(scaled * 1000), little);
  view.setUint32(at + 4, 1000, little);
}

/** Its table is the one after the first. */
function removeThumbnail(bytes: Bytes, view: DataView, link: number, little: boolean): void {
  const table = view.getUint32(link, little);
  if (table === 0) return;
  const entries = entriesOf(view, table, little);
  const [offset, length] = [tags.thumbnailOffset, tags.thumbnailLength].map((tag) => {
    const at = entries.get(tag);
    return at === undefined ? 0 : view.getUint32(at + 8, little);
  });
  bytes.fill(0, offset, offset + length);
  view.setUint32(link, 0, little);
}
