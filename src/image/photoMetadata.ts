import { changedExif } from './exif.js';
import type { PhotoFormat } from './photoFormats.js';

/** One thing that a file says about its picture, as libvips names it: `exif-data`, `delay`, ... */
export interface MetadataField {
  readonly type: string;
  readonly name: string;
  /** Escaped for XML; base64 where the type is `VipsBlob`. */
  readonly value: string;
}

export interface MetadataChange {
  readonly format: PhotoFormat;
  /** Pixels a side for one of the original: printed, the picture stays as large as it was. */
  readonly scale: number;
  /** Whether the pixels are upright now, whatever the metadata say. */
  readonly upright: boolean;
  /** Height of one frame, where there are several. */
  readonly frameHeight?: number;
  /** Leaves out all that is not needed to show the picture: its profile and its timing stay. */
  readonly strip: boolean;
}

/** The name of the chunks of a PNG's texts, which libvips takes no notice of. */
export const pngTexts = 'png-texts';

const toShow =
  /^(icc-profile-data|delay|loop|gif-loop|gif-delay|n-pages|page-height|resolution-unit)$/;
/** The single tags of EXIF, `exif-ifd0-Make` and so on, libvips finds in its bytes again. */
const toKnow = /^(xmp-data|iptc-data|orientation|png-texts|gif-comment|image-description)$/;

/** The metadata of the enlarged picture, from that of the picture. */
export function changedMetadata(
  fields: readonly MetadataField[],
  { format, scale, upright, frameHeight, strip }: MetadataChange,
): MetadataField[] {
  return fields.flatMap((field) => {
    const { name } = field;
    if (name === 'page-height') {
      return frameHeight === undefined ? [] : [{ ...field, value: String(frameHeight) }];
    }
    if (name === 'n-pages' && frameHeight === undefined) return [];
    if (toShow.test(name)) return [field];
    if (strip) return [];
    if (name === 'exif-data')
      return [mapBlob(field, (exif) => changedExif(exif, { scale, upright }))];
    if (name === 'xmp-data' && upright) return [mapBlob(field, uprightXmp)];
    if (name === 'iptc-data') return [mapBlob(field, iptcFor(format))];
    return toKnow.test(name) ? [field] : [];
  });
}

/** What of a picture's metadata a format has no place for. */
export function lostMetadata(fields: readonly MetadataField[], format: PhotoFormat): string[] {
  const has = (pattern: RegExp): boolean => fields.some(({ name }) => pattern.test(name));
  const kinds: readonly (readonly [name: string, holds: boolean, present: boolean])[] = [
    ['EXIF', format.exif, has(/^exif-data$/)],
    ['XMP', format.xmp, has(/^xmp-data$/)],
    ['IPTC', format.iptc, has(/^iptc-data$/)],
    ['comments', format.name === 'png', has(/^png-texts$/)],
  ];
  return kinds.filter(([, holds, present]) => present && !holds).map(([name]) => name);
}

/** The bytes of a blob among the fields. */
export function metadataBlob(
  fields: readonly MetadataField[],
  name: string,
): Uint8Array | undefined {
  const field = fields.find((one) => one.name === name);
  return field && decodeBase64(field.value);
}

/** A field of bytes. */
export function blobField(name: string, bytes: Uint8Array): MetadataField {
  return { type: 'VipsBlob', name, value: encodeBase64(bytes) };
}

function mapBlob(field: MetadataField, change: (bytes: Uint8Array) => Uint8Array): MetadataField {
  return { ...field, value: encodeBase64(change(decodeBase64(field.value))) };
}

/** Adobe's programs write the orientation a second time. */
function uprightXmp(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const upright = text.replace(/(tiff:Orientation(?:\s*=\s*["']|>\s*))[2-8]/g, '$11');
  return upright === text ? bytes : new TextEncoder().encode(upright);
}

const photoshop = new TextEncoder().encode('Photoshop 3.0\0');
const IPTC_RESOURCE = 0x0404;

/** JPEG keeps IPTC as one of Photoshop's resources, TIFF by itself; libvips passes both on as they are. */
function iptcFor(format: PhotoFormat): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const wrapped = photoshop.every((byte, i) => bytes[i] === byte);
    if (format.name === 'tiff') return wrapped ? unwrapIptc(bytes) : bytes;
    return wrapped ? bytes : wrapIptc(bytes);
  };
}

function unwrapIptc(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = photoshop.length; at + 12 <= bytes.length;) {
    const id = view.getUint16(at + 4);
    const nameLength = even(1 + bytes[at + 6]);
    const sizeAt = at + 6 + nameLength;
    if (sizeAt + 4 > bytes.length) break;
    const size = view.getUint32(sizeAt);
    if (id === IPTC_RESOURCE) return bytes.slice(sizeAt + 4, sizeAt + 4 + size);
    at = sizeAt + 4 + even(size);
  }
  return new Uint8Array();
}

function wrapIptc(bytes: Uint8Array): Uint8Array {
  const start = photoshop.length;
  const wrapped = new Uint8Array(start + 12 + even(bytes.length));
  const view = new DataView(wrapped.buffer);
  wrapped.set(photoshop);
  wrapped.set(new TextEncoder().encode('8BIM'), start);
  view.setUint16(start + 4, IPTC_RESOURCE);
  view.setUint32(start + 8, bytes.length);
  wrapped.set(bytes, start + 12);
  return wrapped;
}

function even(length: number): number {
  return length + (length % 2);
}

function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
