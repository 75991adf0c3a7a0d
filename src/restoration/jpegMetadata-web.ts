import { concatBytes, latin1, startsWith, viewOf, type Bytes } from './bytes-web.js';
import type { Metadata } from './embeddedMetadata-web.js';

const START_OF_SCAN = 0xda;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP13 = 0xed;
const LONGEST_PAYLOAD = 65_533;
const METRES_PER_INCH = 0.0254;

const signatures = {
  jfif: latin1('JFIF\0'),
  exif: latin1('Exif\0\0'),
  xmp: latin1('http://ns.adobe.com/xap/1.0/\0'),
  icc: latin1('ICC_PROFILE\0'),
  iptc: latin1('Photoshop 3.0\0'),
};

interface Segment {
  readonly marker: number;
  readonly payload: Uint8Array;
  readonly end: number;
}

/** The segments before the picture itself. */
function* segmentsOf(jpeg: Uint8Array): Generator<Segment> {
  const view = viewOf(jpeg);
  let at = 2;
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1];
    if (marker === START_OF_SCAN) return;
    const end = at + 2 + view.getUint16(at + 2);
    yield { marker, payload: jpeg.subarray(at + 4, end), end };
    at = end;
  }
}

export function readJpegMetadata(jpeg: Uint8Array): Metadata {
  const found: { -readonly [K in keyof Metadata]: Metadata[K] } = {};
  const profile: Uint8Array[] = [];
  for (const { marker, payload } of segmentsOf(jpeg)) {
    const carries = (app: number, signature: Uint8Array): boolean =>
      marker === app && startsWith(payload, signature);
    const content = (signature: Uint8Array): Bytes => payload.slice(signature.length);
    if (carries(APP1, signatures.exif)) found.exif ??= content(signatures.exif);
    else if (carries(APP1, signatures.xmp)) found.xmp ??= content(signatures.xmp);
    else if (carries(APP13, signatures.iptc)) found.iptc ??= content(signatures.iptc);
    else if (carries(APP2, signatures.icc)) profile.push(payload.subarray(14));
    else if (carries(APP0, signatures.jfif)) Object.assign(found, jfifDensity(payload));
    else if (marker >= 0xc0 && marker <= 0xcf && payload[5] === 4) found.cmyk = true;
  }
  if (profile.length > 0) found.icc = concatBytes(profile);
  return found;
}

/** Dots per inch, or per centimetre, or no more than the shape of a pixel. */
function jfifDensity(payload: Uint8Array): Pick<Metadata, 'pixelsPerMetre'> {
  const unit = payload[7];
  const density = viewOf(payload).getUint16(8);
  if (density === 0 || unit === 0) return {};
  return { pixelsPerMetre: unit === 1 ? density / METRES_PER_INCH : density * 100 };
}

/** The file with this metadata in place of its own. */
export function writeJpegMetadata(jpeg: Uint8Array, metadata: Metadata): Bytes {
  const { exif, xmp, icc, iptc, pixelsPerMetre } = metadata;
  const head: Uint8Array[] = [jpeg.subarray(0, 2)];
  let bodyStart = 2;
  for (const { marker, payload, end } of segmentsOf(jpeg)) {
    if (marker === APP0) head.push(segment(APP0, withDensity(payload, pixelsPerMetre)));
    if (marker < APP0 || marker > 0xef) break;
    bodyStart = end;
  }
  if (exif) head.push(segment(APP1, signatures.exif, exif));
  if (xmp) head.push(segment(APP1, signatures.xmp, xmp));
  if (icc) head.push(...profileSegments(icc));
  if (iptc) head.push(segment(APP13, signatures.iptc, iptc));
  return concatBytes([...head, jpeg.subarray(bodyStart)]);
}

function withDensity(jfif: Uint8Array, pixelsPerMetre: number | undefined): Uint8Array {
  const dotsPerInch = Math.round((pixelsPerMetre ?? 0) * METRES_PER_INCH);
  if (dotsPerInch < 1 || dotsPerInch > 0xffff) return jfif;
  const copy = jfif.slice();
  copy[7] = 1;
  viewOf(copy).setUint16(8, dotsPerInch);
  viewOf(copy).setUint16(10, dotsPerInch);
  return copy;
}

function profileSegments(icc: Uint8Array): Bytes[] {
  const room = LONGEST_PAYLOAD - signatures.icc.length - 2;
  const count = Math.ceil(icc.length / room);
  return Array.from({ length: count }, (_, i) => {
    const numbering = Uint8Array.of(i + 1, count);
    return segment(APP2, signatures.icc, numbering, icc.subarray(i * room, (i + 1) * room));
  });
}

/** Whether a segment can hold these contents of the kind. */
export function fitsJpegSegment(kind: 'exif' | 'xmp' | 'iptc', contents: Uint8Array): boolean {
  return signatures[kind].length + contents.length <= LONGEST_PAYLOAD;
}

function segment(marker: number, ...parts: readonly Uint8Array[]): Bytes {
  const length = 2 + parts.reduce((sum, part) => sum + part.length, 0);
  return concatBytes([Uint8Array.of(0xff, marker, length >> 8, length & 0xff), ...parts]);
}
