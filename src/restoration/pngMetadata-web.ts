import {
  concatBytes,
  latin1,
  latin1Text,
  startsWith,
  uint32,
  viewOf,
  type Bytes,
} from './bytes-web.js';
import type { Metadata } from './embeddedMetadata-web.js';

const HEADER_END = 8 + 25;
const xmpKeyword = latin1('XML:com.adobe.xmp\0');
/** What would contradict a colour profile. */
const colourChunks: ReadonlySet<string> = new Set(['iCCP', 'sRGB', 'gAMA', 'cHRM', 'cICP']);
const textChunks: ReadonlySet<string> = new Set(['tEXt', 'zTXt', 'iTXt']);

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** With its length before it and its checksum after it. */
  readonly whole: Uint8Array;
}

function* chunksOf(png: Uint8Array): Generator<Chunk> {
  const view = viewOf(png);
  for (let at = 8; at + 12 <= png.length;) {
    const end = at + 12 + view.getUint32(at);
    const type = latin1Text(png.subarray(at + 4, at + 8));
    yield { type, data: png.subarray(at + 8, end - 4), whole: png.subarray(at, end) };
    at = end;
  }
}

export async function readPngMetadata(png: Uint8Array): Promise<Metadata> {
  const found: { -readonly [K in keyof Metadata]: Metadata[K] } = {};
  const text: Bytes[] = [];
  for (const { type, data, whole } of chunksOf(png)) {
    if (type === 'IHDR' && data[8] === 16) found.sixteenBit = true;
    else if (type === 'acTL') found.animated = true;
    else if (type === 'eXIf') found.exif = data.slice();
    else if (type === 'iCCP') found.icc = await inflate(data.subarray(data.indexOf(0) + 2));
    else if (type === 'pHYs' && data[8] === 1) found.pixelsPerMetre = viewOf(data).getUint32(0);
    else if (textChunks.has(type) && startsWith(data, xmpKeyword)) {
      found.xmp = await readXmp(type, data);
    } else if (textChunks.has(type)) text.push(whole.slice());
  }
  if (text.length > 0) found.pngText = text;
  return found;
}

/** As `iTXt`, where it belongs, and as some libraries write it. */
async function readXmp(type: string, data: Uint8Array): Promise<Bytes> {
  const start = xmpKeyword.length;
  if (type === 'tEXt') return data.slice(start);
  if (type === 'zTXt') return inflate(data.subarray(start + 1));
  // Whether it is compressed, how, then a language and a translated keyword, each ended by 0.
  const compressed = data[start] === 1;
  const languageEnd = data.indexOf(0, start + 2);
  const contents = data.subarray(data.indexOf(0, languageEnd + 1) + 1);
  return compressed ? inflate(contents) : contents.slice();
}

/** The file with this metadata in place of its own. */
export async function writePngMetadata(png: Uint8Array, metadata: Metadata): Promise<Bytes> {
  const { exif, xmp, icc, pixelsPerMetre, pngText = [] } = metadata;
  const added: Bytes[] = [];
  if (icc) added.push(chunk('iCCP', latin1('ICC\0\0'), await deflate(icc)));
  if (pixelsPerMetre) {
    const density = uint32(Math.round(pixelsPerMetre));
    added.push(chunk('pHYs', density, density, Uint8Array.of(1)));
  }
  if (exif) added.push(chunk('eXIf', exif));
  if (xmp) added.push(chunk('iTXt', xmpKeyword, new Uint8Array(4), xmp));
  const rest = [...chunksOf(png)]
    .slice(1)
    .filter(({ type }) => !(icc && colourChunks.has(type)) && !(pixelsPerMetre && type === 'pHYs'))
    .map(({ whole }) => whole);
  return concatBytes([png.subarray(0, HEADER_END), ...added, ...pngText, ...rest]);
}

function chunk(type: string, ...parts: readonly Uint8Array[]): Bytes {
  const body = concatBytes([latin1(type), ...parts]);
  return concatBytes([uint32(body.length - 4), body, uint32(crc32(body))]);
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const inflate = (bytes: Uint8Array): Promise<Bytes> =>
  piped(bytes, new DecompressionStream('deflate'));
const deflate = (bytes: Uint8Array): Promise<Bytes> =>
  piped(bytes, new CompressionStream('deflate'));

async function piped(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
): Promise<Bytes> {
  const output = new Blob([bytes.slice()]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(output).arrayBuffer());
}
