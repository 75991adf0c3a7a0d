/** What precedes the TIFF structure of EXIF in some files. */
const PREFIX = 'Exif\0\0';
const ORIENTATION = 0x0112;
const X_RESOLUTION = 0x011a;
const Y_RESOLUTION = 0x011b;
const RESOLUTION_UNIT = 0x0128;
const SHORT = 3;
const RATIONAL = 5;
const CENTIMETRE = 3;
const ENTRY_BYTES = 12;

export interface ExifChange {
  /** Pixels a side for one of the original, which raises the pixels an inch. */
  readonly scale: number;
  /** Whether the pixels are upright, whatever they were when EXIF was written. */
  readonly upright: boolean;
}

/**
 * EXIF of the changed picture; anything else in it stays as it is, to the byte, for what cameras write into it
 * breaks when moved. What is no EXIF comes back unchanged.
 */
export function changedExif(exif: Uint8Array, { scale, upright }: ExifChange): Uint8Array {
  const changed = exif.slice();
  const { view, little, entries } = readEntries(changed);
  for (const { tag, type, value } of entries) {
    if (upright && tag === ORIENTATION && type === SHORT) view.setUint16(value, 1, little);
    const isResolution = tag === X_RESOLUTION || tag === Y_RESOLUTION;
    const at = isResolution && type === RATIONAL ? view.getUint32(value, little) : Infinity;
    if (at + 8 > view.byteLength) continue;
    const ratio = [view.getUint32(at, little), view.getUint32(at + 4, little)] as const;
    const [top, bottom] = scaledRatio(...ratio, scale);
    view.setUint32(at, top, little);
    view.setUint32(at + 4, bottom, little);
  }
  return changed;
}

/** Pixels an inch, as EXIF has them; undefined where it does not say. */
export function exifDensity(exif: Uint8Array): number | undefined {
  const { view, little, entries } = readEntries(exif);
  const resolution = entries.find(({ tag, type }) => tag === X_RESOLUTION && type === RATIONAL);
  if (!resolution) return undefined;
  const at = view.getUint32(resolution.value, little);
  if (at + 8 > view.byteLength) return undefined;
  const density = view.getUint32(at, little) / view.getUint32(at + 4, little);
  const unit = entries.find(({ tag, type }) => tag === RESOLUTION_UNIT && type === SHORT);
  const perInch = unit && view.getUint16(unit.value, little) === CENTIMETRE ? 2.54 : 1;
  return density > 0 && Number.isFinite(density) ? density * perInch : undefined;
}

interface Entry {
  readonly tag: number;
  readonly type: number;
  /** Where the value, or its offset, stands. */
  readonly value: number;
}

/** The entries of the first directory. */
function readEntries(exif: Uint8Array): { view: DataView; little: boolean; entries: Entry[] } {
  const begin = [...PREFIX].every((character, i) => exif[i] === character.charCodeAt(0))
    ? PREFIX.length
    : 0;
  const view = new DataView(exif.buffer, exif.byteOffset + begin, exif.length - begin);
  const entries: Entry[] = [];
  if (view.byteLength < 10) return { view, little: true, entries };
  const little = view.getUint16(0) === 0x4949;
  const directory = view.getUint32(4, little);
  const count = directory + 2 <= view.byteLength ? view.getUint16(directory, little) : 0;
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + ENTRY_BYTES * i;
    if (at + ENTRY_BYTES > view.byteLength) break;
    const [tag, type] = [view.getUint16(at, little), view.getUint16(at + 2, little)];
    entries.push({ tag, type, value: at + 8 });
  }
  return { view, little, entries };
}

/** A ratio times a number, in 32 bits: to a hundredth where it is not whole. */
function scaledRatio(top: number, bottom: number, scale: number): [number, number] {
  const exact = top * scale;
  const finer = Number.isInteger(exact) ? 1 : 100;
  if (exact * finer < 2 ** 32 && bottom * finer < 2 ** 32) {
    return [Math.round(exact * finer), bottom * finer];
  }
  return [top, Math.max(1, Math.round(bottom / scale))];
}
