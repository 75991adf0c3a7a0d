import {
  concatBytes,
  latin1,
  latin1Text,
  startsWith,
  uint32LittleEndian,
  viewOf,
  type Bytes,
} from './bytes-web.js';
import type { Metadata } from './embeddedMetadata-web.js';

/** Bits of the extended header. */
const flags = { animation: 0x02, xmp: 0x04, exif: 0x08, alpha: 0x10, icc: 0x20 } as const;
const exifPrefix = latin1('Exif\0\0');

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

function* chunksOf(webp: Uint8Array): Generator<Chunk> {
  const view = viewOf(webp);
  for (let at = 12; at + 8 <= webp.length;) {
    const length = view.getUint32(at + 4, true);
    const type = latin1Text(webp.subarray(at, at + 4));
    yield { type, data: webp.subarray(at + 8, at + 8 + length) };
    at += 8 + length + (length % 2);
  }
}

export function readWebpMetadata(webp: Uint8Array): Metadata {
  const found: { -readonly [K in keyof Metadata]: Metadata[K] } = {};
  for (const { type, data } of chunksOf(webp)) {
    if (type === 'ICCP') found.icc = data.slice();
    // Some programs leave JPEG's signature before it.
    else if (type === 'EXIF') found.exif = data.slice(startsWith(data, exifPrefix) ? 6 : 0);
    else if (type === 'XMP ') found.xmp = data.slice();
    else if (type === 'ANIM') found.animated = true;
  }
  return found;
}

/** The file, of this size, with this metadata in place of its own. */
export function writeWebpMetadata(
  webp: Uint8Array,
  { exif, xmp, icc }: Metadata,
  size: { readonly width: number; readonly height: number },
): Bytes {
  const picture = [...chunksOf(webp)].filter(({ type }) => /^(ALPH|VP8 |VP8L)$/.test(type));
  const set = (picture.some(hasAlpha) ? flags.alpha : 0) | (icc ? flags.icc : 0);
  const header = concatBytes([
    uint32LittleEndian(set | (exif ? flags.exif : 0) | (xmp ? flags.xmp : 0)),
    uint32LittleEndian(size.width - 1).subarray(0, 3),
    uint32LittleEndian(size.height - 1).subarray(0, 3),
  ]);
  const body = concatBytes([
    latin1('WEBP'),
    chunk('VP8X', header),
    ...(icc ? [chunk('ICCP', icc)] : []),
    ...picture.map(({ type, data }) => chunk(type, data)),
    ...(exif ? [chunk('EXIF', exif)] : []),
    ...(xmp ? [chunk('XMP ', xmp)] : []),
  ]);
  return concatBytes([latin1('RIFF'), uint32LittleEndian(body.length), body]);
}

/** Lossless pictures say so in a bit after their size, of 14 bits a side. */
function hasAlpha({ type, data }: Chunk): boolean {
  if (type === 'VP8L') return ((viewOf(data).getUint32(1, true) >> 28) & 1) === 1;
  return type === 'ALPH';
}

function chunk(type: string, data: Uint8Array): Bytes {
  const padding = new Uint8Array(data.length % 2);
  return concatBytes([latin1(type), uint32LittleEndian(data.length), data, padding]);
}
