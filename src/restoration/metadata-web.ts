import { latin1, latin1Text, startsWith, type Bytes } from './bytes-web.js';
import type { Metadata } from './embeddedMetadata-web.js';
import { adaptExif, type DescribedPicture } from './exif-web.js';
import { fitsJpegSegment, readJpegMetadata, writeJpegMetadata } from './jpegMetadata-web.js';
import { readPngMetadata, writePngMetadata } from './pngMetadata-web.js';
import { readWebpMetadata, writeWebpMetadata } from './webpMetadata-web.js';

export interface FoundMetadata extends Metadata {
  /** Whether the numbers of its pixels can be kept, for its profile to be kept with them. */
  readonly profile: boolean;
  /** Set where the format is none whose metadata we read. */
  readonly unread?: string;
}

export interface WithMetadata {
  readonly blob: Blob;
  readonly kept: readonly string[];
  readonly lost: readonly string[];
}

const pngSignature = latin1('\x89PNG\r\n\x1a\n');

/** What a JPEG, PNG or WebP file holds beside its pixels; what is damaged counts as absent. */
export async function readMetadata(file: Blob): Promise<FoundMetadata> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    const found = await parse(bytes);
    if (!found) return { profile: false, unread: file.type || 'this format' };
    const isRgb = !!found.icc && latin1Text(found.icc.subarray(16, 20)) === 'RGB ';
    return { ...found, profile: isRgb && !found.cmyk };
  } catch {
    return { profile: false, unread: 'a damaged file' };
  }
}

async function parse(bytes: Uint8Array): Promise<Metadata | null> {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return readJpegMetadata(bytes);
  if (startsWith(bytes, pngSignature)) return readPngMetadata(bytes);
  const isWebp = latin1Text(bytes.subarray(8, 12)) === 'WEBP';
  return isWebp ? readWebpMetadata(bytes) : null;
}

/** The file of a restored picture with the metadata of the one it was made from. */
export async function attachMetadata(
  file: Blob,
  found: FoundMetadata,
  picture: DescribedPicture,
): Promise<WithMetadata> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isJpeg = file.type === 'image/jpeg';
  const exif = found.exif && adaptExif(found.exif, picture);
  const fits = (kind: 'exif' | 'xmp', contents: Bytes): boolean =>
    !isJpeg || fitsJpegSegment(kind, contents);
  const carried: Metadata = {
    ...(exif && fits('exif', exif) && { exif }),
    ...(found.xmp && fits('xmp', found.xmp) && { xmp: uprightXmp(found.xmp) }),
    ...(found.icc && found.profile && { icc: found.icc }),
    ...(found.iptc && isJpeg && { iptc: found.iptc }),
    ...(found.pixelsPerMetre &&
      file.type !== 'image/webp' && { pixelsPerMetre: found.pixelsPerMetre * picture.scale }),
    ...(found.pngText && file.type === 'image/png' && { pngText: found.pngText }),
  };
  const blob = new Blob([await write(bytes, file.type, carried, picture)], {
    type: file.type,
  });
  return { blob, ...accountFor(found, carried) };
}

async function write(
  bytes: Uint8Array,
  type: string,
  metadata: Metadata,
  size: { readonly width: number; readonly height: number },
): Promise<Bytes> {
  if (type === 'image/jpeg') return writeJpegMetadata(bytes, metadata);
  if (type === 'image/png') return writePngMetadata(bytes, metadata);
  return writeWebpMetadata(bytes, metadata, size);
}

/** Adobe's programs turn pictures by it as well. */
function uprightXmp(xmp: Bytes): Bytes {
  const text = new TextDecoder().decode(xmp);
  const upright = text.replace(/(tiff:Orientation(?:="|='|>))[2-8]/g, '$11');
  return new TextEncoder().encode(upright);
}

const names = {
  exif: 'camera data (EXIF)',
  xmp: 'editing data (XMP)',
  icc: 'colour profile (ICC)',
  iptc: 'captions (IPTC)',
  pixelsPerMetre: 'print resolution',
  pngText: 'text notes',
} as const satisfies Partial<Record<keyof Metadata, string>>;

function accountFor(
  found: FoundMetadata,
  carried: Metadata,
): { kept: readonly string[]; lost: readonly string[] } {
  const kinds = Object.keys(names) as (keyof typeof names)[];
  const kept = kinds.filter((kind) => carried[kind] !== undefined).map((kind) => names[kind]);
  const lost: string[] = kinds
    .filter((kind) => found[kind] !== undefined && carried[kind] === undefined)
    .map((kind) => names[kind]);
  if (found.unread) lost.push(`metadata of ${found.unread}, which is not read here`);
  if (found.sixteenBit) lost.push('16-bit depth (8 bits here)');
  if (found.animated) lost.push('all frames but the first');
  return { kept, lost };
}
