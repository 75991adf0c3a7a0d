// Pictures between decoder and encoder lie on disk, in the format that libvips maps into memory as it is: a
// header, interleaved samples, and the metadata as XML. So neither side ever holds all of a picture, and
// EXIF, XMP, IPTC, profiles and animation timing pass from one file to the other as libvips read them.

import { open, type FileHandle } from 'node:fs/promises';
import { endianness } from 'node:os';
import {
  imageFromSamples,
  samplesFromImage,
  type PictureRows,
  type SampleDepth,
} from './samples.js';
import type { Image } from './image.js';
import type { MetadataField } from './photoMetadata.js';

export interface RasterFormat {
  readonly width: number;
  readonly height: number;
  /** 1 gray, 2 gray and opacity, 3 RGB, 4 RGB and opacity. */
  readonly channels: number;
  readonly depth: SampleDepth;
  /** Pixels a millimetre, horizontally and vertically. */
  readonly density: readonly [x: number, y: number];
}

/** A picture on disk whose rows can be read. */
export interface Raster extends RasterFormat, PictureRows {
  readonly metadata: readonly MetadataField[];
  close(): Promise<void>;
}

/** A picture on disk whose rows are written from the top. */
export interface RasterWriter {
  /** Appends the rows of an image [C, H, W] in [0, 1]. */
  write(rows: Image): Promise<void>;
  finish(metadata: readonly MetadataField[]): Promise<void>;
  close(): Promise<void>;
}

const HEADER_BYTES = 64;
const SIGNATURE = Buffer.from(endianness() === 'LE' ? 'b6a6f208' : '08f2a6b6', 'hex');
/** What libvips calls the layouts, by depth, without and with colours. */
const interpretations = { 8: { gray: 1, rgb: 22 }, 16: { gray: 26, rgb: 25 } } as const;
const bandFormats = { 8: 0, 16: 2 } as const;

/** Opens a raster that libvips or `createRaster` wrote. */
export async function openRaster(path: string): Promise<Raster> {
  const file = await open(path, 'r');
  try {
    const header = readHeader(await readBytes(file, 0, HEADER_BYTES), path);
    const { width, height, channels, depth } = header;
    const stride = (width * channels * depth) / 8;
    const { size } = await file.stat();
    const end = HEADER_BYTES + height * stride;
    return {
      ...header,
      metadata: parseMetadata((await readBytes(file, end, size - end)).toString('utf8')),
      async read(top, rows) {
        const bytes = await readBytes(file, HEADER_BYTES + top * stride, rows * stride);
        const { buffer, byteOffset } = bytes;
        const samples = depth === 8 ? bytes : new Uint16Array(buffer, byteOffset, bytes.length / 2);
        return imageFromSamples(samples, width, channels);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Begins a raster of a known size. */
export async function createRaster(path: string, format: RasterFormat): Promise<RasterWriter> {
  const file = await open(path, 'wx');
  await file.write(writeHeader(format));
  return {
    async write(rows) {
      const { buffer, byteOffset, byteLength } = samplesFromImage(rows, format.depth);
      await writeBytes(file, new Uint8Array(buffer, byteOffset, byteLength));
    },
    finish: (metadata) => writeBytes(file, Buffer.from(formatMetadata(metadata))),
    close: () => file.close(),
  };
}

/** Removes a raster that is not needed any more; libvips may hold it open, so its space is freed first. */
export async function emptyRaster(path: string): Promise<void> {
  const file = await open(path, 'r+').catch(() => undefined);
  if (!file) return;
  await file.truncate(0).finally(() => file.close());
}

function readHeader(bytes: Buffer, path: string): RasterFormat {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = endianness() === 'LE';
  const integer = (at: number): number => view.getInt32(at, little);
  const [width, height, channels] = [integer(4), integer(8), integer(12)];
  const bandFormat = integer(20);
  const known = bandFormat === bandFormats[8] || bandFormat === bandFormats[16];
  if (!bytes.subarray(0, 4).equals(SIGNATURE) || !known || channels > 4) {
    throw new RangeError(`${path}: expected a raster of 8 or 16 bits and at most 4 channels`);
  }
  const depth = bandFormat === bandFormats[8] ? 8 : 16;
  const density = [view.getFloat32(32, little), view.getFloat32(36, little)] as const;
  return { width, height, channels, depth, density };
}

function writeHeader({ width, height, channels, depth, density }: RasterFormat): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  SIGNATURE.copy(header);
  const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
  const little = endianness() === 'LE';
  const interpretation = interpretations[depth][channels <= 2 ? 'gray' : 'rgb'];
  const integers = [width, height, channels, depth, bandFormats[depth], 0, interpretation];
  for (const [i, value] of integers.entries()) view.setInt32(4 + 4 * i, value, little);
  view.setFloat32(32, density[0], little);
  view.setFloat32(36, density[1], little);
  return header;
}

function parseMetadata(xml: string): MetadataField[] {
  const fields = xml.matchAll(/<field type="([^"]*)" name="([^"]*)">([^<]*)<\/field>/g);
  return Array.from(fields, ([, type, name, value]) => ({ type, name, value }));
}

function formatMetadata(fields: readonly MetadataField[]): string {
  const lines = fields.map(
    ({ type, name, value }) => `    <field type="${type}" name="${name}">${value}</field>\n`,
  );
  return (
    '<?xml version="1.0"?>\n<root xmlns="http://www.vips.ecs.soton.ac.uk/vips/8.18.0">\n' +
    `  <header>\n  </header>\n  <meta>\n${lines.join('')}  </meta>\n</root>\n`
  );
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw new RangeError(`expected ${length} bytes at ${position}`);
    done += bytesRead;
  }
  return bytes;
}

async function writeBytes(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done)).bytesWritten;
  }
}
