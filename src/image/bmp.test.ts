import { describe, expect, it } from 'vitest';
import { decodeBmp, isBmp, openBmp } from './bmp.js';
import { imageToBytes } from './image.js';

/** A BMP header, then `body`. */
function bmp(
  width: number,
  height: number,
  bits: number,
  body: number[],
  pixelOffset = 54,
): Uint8Array {
  const bytes = new Uint8Array(54 + body.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, pixelOffset, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(28, bits, true);
  bytes.set(body, 54);
  return bytes;
}

describe('decodeBmp', () => {
  const rows = [1, 2, 3, 0, 4, 5, 6, 0];

  it('reads rows from the bottom up unless the height is negative', () => {
    expect([...imageToBytes(decodeBmp(bmp(1, 2, 24, rows), 10))]).toEqual([6, 5, 4, 3, 2, 1]);
    expect([...imageToBytes(decodeBmp(bmp(1, -2, 24, rows), 10))]).toEqual([3, 2, 1, 6, 5, 4]);
  });

  it('gives some of the rows', () => {
    const opened = openBmp(bmp(1, 2, 24, rows), 10);
    expect(
      [opened.decode(0, 1), opened.decode(1, 1)].map((image) => [...imageToBytes(image)]),
    ).toEqual([
      [6, 5, 4],
      [3, 2, 1],
    ]);
  });

  it('looks colours up in a palette', () => {
    const palette = [9, 8, 7, 0, 30, 20, 10, 0];
    const file = bmp(2, 1, 8, [...palette, 1, 0, 0, 0], 62);
    expect([...imageToBytes(decodeBmp(file, 10))]).toEqual([10, 20, 30, 7, 8, 9]);
  });

  it('refuses what it cannot read', () => {
    expect(() => decodeBmp(bmp(1, 2, 24, rows.slice(1)), 10)).toThrow(
      'expected 62 bytes of BMP, got 61',
    );
    expect(() => decodeBmp(bmp(1, 2, 24, rows), 1)).toThrow('expected at most 1 pixels, got 1x2');
    expect(() => decodeBmp(bmp(1, 2, 16, rows), 10)).toThrow('got 16 bits, compression 0');
    expect(() => decodeBmp(bmp(0, 2, 24, rows), 10)).toThrow('got 0x2');
    expect(() => decodeBmp(Uint8Array.of(0x42, 0x4d), 10)).toThrow('header of 54 bytes, got 2');
  });

  it('is told by its first two bytes', () => {
    expect(isBmp(bmp(1, 1, 24, []))).toBe(true);
    expect(isBmp(Uint8Array.of(0x42))).toBe(false);
  });
});
