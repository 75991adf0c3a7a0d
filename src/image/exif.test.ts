import { describe, expect, it } from 'vitest';
import { changedExif, exifDensity } from './exif.js';
import { formatExif, inByteOrder, parseExif, withPixelSize, type ExifEntry } from './exifTree.js';

const short = (tag: number, value: number): ExifEntry => ({
  ...{ tag, type: 3, count: 1, value: Uint8Array.of(value & 255, value >> 8) },
});
const rational = (tag: number, top: number, bottom: number): ExifEntry => ({
  ...{ tag, type: 5, count: 1 },
  value: new Uint8Array(Uint32Array.of(top, bottom).buffer),
});
const text = (tag: number, value: string): ExifEntry => {
  const bytes = new TextEncoder().encode(`${value}\0`);
  return { tag, type: 2, count: bytes.length, value: bytes };
};

const entries: ExifEntry[] = [
  text(0x010f, 'Camera maker'),
  short(0x0112, 6),
  rational(0x011a, 72, 1),
  rational(0x011b, 300_000, 1000),
  short(0x0128, 2),
  {
    ...{ tag: 0x8769, type: 4, count: 1, value: new Uint8Array(4) },
    directory: [text(0x9003, '2024:05:06 07:08:09'), short(0xa002, 600), short(0xa003, 400)],
  },
];
const exif = formatExif({ little: true, entries });
const withoutPointers = (all: readonly ExifEntry[] = []): object[] =>
  all.map(({ tag, value, directory }) =>
    directory ? { tag, directory: withoutPointers(directory) } : { tag, value: [...value] },
  );

describe('EXIF', () => {
  it('is read as it was written, in both byte orders', () => {
    const tree = parseExif(exif);
    expect(withoutPointers(tree?.entries)).toEqual(withoutPointers(entries));
    const big = formatExif(inByteOrder({ little: true, entries }, false));
    expect([...big.subarray(6, 8)]).toEqual([0x4d, 0x4d]);
    const back = parseExif(big);
    expect(back && withoutPointers(inByteOrder(back, true).entries)).toEqual(
      withoutPointers(entries),
    );
  });

  it('changes in its orientation and its resolutions only', () => {
    const changed = changedExif(exif, { scale: 2.5, upright: true });
    const tree = parseExif(changed);
    const value = (tag: number) => tree?.entries.find((entry) => entry.tag === tag)?.value ?? [];
    expect([...value(0x0112)]).toEqual([1, 0]);
    expect([...new Uint32Array(Uint8Array.from(value(0x011a)).buffer)]).toEqual([180, 1]);
    expect([...new Uint32Array(Uint8Array.from(value(0x011b)).buffer)]).toEqual([750_000, 1000]);
    const differing = changed.reduce((count, byte, i) => count + (byte === exif[i] ? 0 : 1), 0);
    expect(differing).toBeLessThanOrEqual(6);
  });

  it('says how many pixels go into an inch', () => {
    expect(exifDensity(exif)).toBe(72);
    const metric = entries.map((entry) => (entry.tag === 0x0128 ? short(0x0128, 3) : entry));
    expect(exifDensity(formatExif({ little: true, entries: metric }))).toBeCloseTo(182.88);
    expect(exifDensity(new Uint8Array())).toBeUndefined();
  });

  it('learns the size of a new picture', () => {
    const sized = withPixelSize({ little: true, entries }, 70_000, 2);
    const directory = sized.entries.find(({ tag }) => tag === 0x8769)?.directory ?? [];
    expect(directory.map(({ type, value }) => [type, value.length])).toEqual([
      [2, 20],
      [4, 4],
      [4, 4],
    ]);
    expect([...directory[1].value]).toEqual([0x70, 0x11, 1, 0]);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['noise', Uint8Array.from({ length: 64 }, (_, i) => (i * 89) & 255)],
    ['half of it', exif.subarray(0, exif.length / 2)],
    ['a directory beyond its end', Uint8Array.of(0x49, 0x49, 42, 0, 255, 255, 255, 0, 0, 0)],
  ])('that is %s is no failure', (_, bytes) => {
    expect(() => parseExif(bytes)).not.toThrow();
    expect(changedExif(bytes, { scale: 4, upright: true }).length).toBe(bytes.length);
  });
});
