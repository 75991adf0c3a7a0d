// Chunks of PNG files, above all their texts, where pictures carry how they were made. Bytes go in and out; nothing is decoded.

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** A chunk: its type, and where its data lies in the file. */
interface Chunk {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/**
 * A PNG file with a text under a keyword, such as `parameters`, before its pixels: as `tEXt` where the text is
 * ASCII, else as `iTXt` in UTF-8, as readers disagree about the Latin-1 that `tEXt` should be.
 * @throws RangeError for bytes that are no PNG, or a keyword that is none.
 */
export function addPngText(
  png: Uint8Array,
  keyword: string,
  text: string,
): Uint8Array<ArrayBuffer> {
  if (!/^[!-~]([ -~]{0,77}[!-~])?$/.test(keyword)) {
    throw new RangeError(`expected a keyword of 1 to 79 visible characters, got "${keyword}"`);
  }
  const header = chunksOf(png)[0];
  const chunk = isAscii(text)
    ? encodeChunk('tEXt', [latin1(`${keyword}\0${text}`)])
    : // No compression, no language, no translated keyword.
      encodeChunk('iTXt', [latin1(`${keyword}\0\0\0\0\0`), new TextEncoder().encode(text)]);
  const at = header.end + 4;
  return joinBytes([png.subarray(0, at), chunk, png.subarray(at)]);
}

/**
 * The texts of a PNG file by keyword: those of `tEXt` and uncompressed `iTXt` chunks.
 * @throws RangeError for bytes that are no PNG.
 */
export function readPngTexts(png: Uint8Array): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { type, start, end } of chunksOf(png)) {
    const data = png.subarray(start, end);
    const split = data.indexOf(0);
    if (split < 1) continue;
    const keyword = fromLatin1(data.subarray(0, split));
    if (type === 'tEXt') texts.set(keyword, fromLatin1(data.subarray(split + 1)));
    if (type !== 'iTXt' || data[split + 1] !== 0) continue;
    const language = data.indexOf(0, split + 3);
    const translated = data.indexOf(0, language + 1);
    texts.set(keyword, new TextDecoder().decode(data.subarray(translated + 1)));
  }
  return texts;
}

/**
 * Whether a PNG file has a chunk of a type, such as `acTL` where it is animated.
 * @throws RangeError for bytes that are no PNG.
 */
export function hasPngChunk(png: Uint8Array, type: string): boolean {
  return chunksOf(png).some((chunk) => chunk.type === type);
}

/** A PNG file in two parts. */
export interface SeparatedPng {
  /** All but its texts, XMP among it. */
  readonly rest: Uint8Array;
  /** The chunks of its texts, as they are. */
  readonly texts: Uint8Array;
}

const textTypes: ReadonlySet<string> = new Set(['tEXt', 'zTXt', 'iTXt']);
const XMP = 'XML:com.adobe.xmp\0';

/**
 * Takes a PNG file and its texts apart.
 * @throws RangeError for bytes that are no PNG.
 */
export function separatePngTexts(png: Uint8Array): SeparatedPng {
  const [rest, texts]: [Uint8Array[], Uint8Array[]] = [[], []];
  let from = 0;
  for (const { type, start, end } of chunksOf(png)) {
    const isXmp = fromLatin1(png.subarray(start, Math.min(end, start + XMP.length))) === XMP;
    if (!textTypes.has(type) || isXmp) continue;
    rest.push(png.subarray(from, start - 8));
    texts.push(png.subarray(start - 8, end + 4));
    from = end + 4;
  }
  return { rest: joinBytes([...rest, png.subarray(from)]), texts: joinBytes(texts) };
}

function chunksOf(png: Uint8Array): [Chunk, ...Chunk[]] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks: Chunk[] = [];
  let at = SIGNATURE.length;
  while (at + 12 <= png.length) {
    const start = at + 8;
    const end = start + view.getUint32(at);
    if (end + 4 > png.length) break;
    chunks.push({ type: fromLatin1(png.subarray(at + 4, start)), start, end });
    at = end + 4;
  }
  const [first, ...rest] = chunks;
  if (!SIGNATURE.every((byte, i) => png[i] === byte) || first?.type !== 'IHDR') {
    throw new RangeError('expected the bytes of a PNG file, got others');
  }
  return [first, ...rest];
}

/** Length, type, data and a check sum over the last two. */
function encodeChunk(type: string, parts: readonly Uint8Array[]): Uint8Array {
  const content = joinBytes([latin1(type), ...parts]);
  const length = content.length - 4;
  return joinBytes([bigEndian(length), content, bigEndian(crc32(content))]);
}

function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The standard's CRC: polynomial 0x04C11DB7, reflected. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** Printable, and line feeds: what the standard allows in `tEXt`. */
function isAscii(text: string): boolean {
  return /^[\n -~]*$/.test(text);
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function fromLatin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
