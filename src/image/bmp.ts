// libvips, as sharp ships it, reads no BMP, and classic test sets come in it.

import { createImage, type Image } from './image.js';

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** Rows come from the top down rather than from the bottom up. */
  readonly topDown: boolean;
  readonly bitsPerPixel: 8 | 24 | 32;
  readonly pixelOffset: number;
  readonly paletteOffset: number;
}

export function isBmp(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x42 && bytes[1] === 0x4d;
}

/** A BMP whose pixels have not been looked at yet. */
export interface Bmp {
  readonly width: number;
  readonly height: number;
  /** The rows `top` to `top + rows` (not included) as RGB [3, rows, W]. */
  readonly decode: (top: number, rows: number) => Image;
}

/**
 * Reads the header of an uncompressed BMP of 8 (palette), 24 or 32 bits a pixel.
 * @throws RangeError when the file is of another kind, truncated, or larger than `maxPixels`.
 */
export function openBmp(bytes: Uint8Array, maxPixels: number): Bmp {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(view);
  const { width, height, bitsPerPixel, pixelOffset } = header;
  if (width * height > maxPixels) {
    throw new RangeError(`expected at most ${maxPixels} pixels, got ${width}x${height}`);
  }
  const stride = Math.ceil((width * bitsPerPixel) / 32) * 4;
  const expected = pixelOffset + stride * height;
  if (bytes.length < expected) {
    throw new RangeError(`expected ${expected} bytes of BMP, got ${bytes.length}`);
  }
  return { width, height, decode: (top, rows) => decodeRows(bytes, header, stride, [top, rows]) };
}

/**
 * Decodes an uncompressed BMP of 8 (palette), 24 or 32 bits a pixel to RGB [3, H, W].
 * @throws RangeError when the file is of another kind, truncated, or larger than `maxPixels`.
 */
export function decodeBmp(bytes: Uint8Array, maxPixels: number): Image {
  const bmp = openBmp(bytes, maxPixels);
  return bmp.decode(0, bmp.height);
}

function decodeRows(
  bytes: Uint8Array,
  header: BmpHeader,
  stride: number,
  [top, rows]: readonly [top: number, rows: number],
): Image {
  const { width, height, bitsPerPixel, pixelOffset, paletteOffset } = header;
  const image = createImage(width, rows, 3);
  const size = width * rows;
  for (let y = 0; y < rows; y++) {
    const line = header.topDown ? top + y : height - 1 - top - y;
    const row = pixelOffset + line * stride;
    for (let x = 0; x < width; x++) {
      const at =
        bitsPerPixel === 8 ? paletteOffset + 4 * bytes[row + x] : row + (x * bitsPerPixel) / 8;
      for (let channel = 0; channel < 3; channel++) {
        image.data[channel * size + y * width + x] = bytes[at + 2 - channel] / 255;
      }
    }
  }
  return image;
}

function readHeader(view: DataView): BmpHeader {
  if (view.byteLength < 54) {
    throw new RangeError(`expected a BMP header of 54 bytes, got ${view.byteLength}`);
  }
  const headerSize = view.getUint32(14, true);
  const width = view.getInt32(18, true);
  const height = view.getInt32(22, true);
  const bitsPerPixel = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  const known = bitsPerPixel === 8 || bitsPerPixel === 24 || bitsPerPixel === 32;
  if (headerSize < 40 || !known || compression !== 0) {
    throw new RangeError(
      `expected an uncompressed BMP of 8, 24 or 32 bits, got ${bitsPerPixel} bits, ` +
        `compression ${compression}`,
    );
  }
  if (width < 1 || height === 0) {
    throw new RangeError(`expected a BMP with pixels, got ${width}x${Math.abs(height)}`);
  }
  const pixelOffset = view.getUint32(10, true);
  const paletteOffset = 14 + headerSize;
  return {
    width,
    height: Math.abs(height),
    topDown: height < 0,
    bitsPerPixel,
    pixelOffset,
    paletteOffset,
  };
}
