import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { RestoreFileOptions } from '../../src/restoration/photoPlan-node.js';
import { restoreToBytes } from '../../src/restoration/restoreTo-node.js';
import { deltaE2000, labOfDisplayP3 } from './deltaE.js';
import { identityRestorer, type Drift } from './identity.js';

async function restored(
  input: Uint8Array,
  format: 'jpeg' | 'png' | 'tiff' | 'webp' | 'avif',
  options: RestoreFileOptions = {},
  drift?: Drift,
) {
  const { bytes, lost } = await restoreToBytes(identityRestorer(2, drift), input, format, options);
  return { bytes, lost, metadata: await sharp(bytes).metadata() };
}

/** Saturated colours beside soft ones, in fields that JPEG does not smear. */
function fields(side: number): Buffer {
  const levels = [0, 90, 180, 255];
  const bytes = Buffer.alloc(3 * side * side);
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [Math.floor((8 * (i % side)) / side), Math.floor((8 * i) / side / side)];
    const field = 8 * y + x;
    bytes.set([levels[field & 3], levels[(field >> 2) & 3], levels[(field >> 4) & 3]], 3 * i);
  }
  return bytes;
}

/** Of the inner half of one of 8x8 fields. */
function meanColour(pixels: Buffer, side: number, field: number): [number, number, number] {
  const size = side / 8;
  const [left, top] = [size * (field % 8) + size / 4, size * Math.floor(field / 8) + size / 4];
  const sum: [number, number, number] = [0, 0, 0];
  for (let y = top; y < top + size / 2; y++) {
    for (let x = left; x < left + size / 2; x++) {
      for (let c = 0; c < 3; c++) sum[c] += pixels[3 * (y * side + x) + c] / (size / 2) ** 2;
    }
  }
  return sum;
}

describe('the measure of colour differences', () => {
  // Sharma, Wu and Dalal (2005), table 1.
  it.each([
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, -1, 2], [50, 0, 0], 2.3669],
    [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
    [[22.7233, 20.0904, -46.694], [23.0331, 14.973, -42.5619], 2.0373],
    [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
  ] as const)('of %j and %j is as published', (one, other, expected) => {
    expect(deltaE2000(one, other)).toBeCloseTo(expected, 4);
  });
});

describe('Display P3', () => {
  const side = 128;
  it.each([1, 2])('keeps its colours and its name at -s %d', async (scale) => {
    const tagged = await sharp(fields(side), { raw: { width: side, height: side, channels: 3 } })
      .withIccProfile('p3')
      .png()
      .toBuffer();
    const input = await sharp(tagged)
      .keepIccProfile()
      .jpeg({ quality: 98, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const { bytes, metadata } = await restored(input, 'jpeg', { scale });
    expect(metadata.icc).toEqual((await sharp(input).metadata()).icc);
    const before = await sharp(input).keepIccProfile().raw().toBuffer();
    const after = await sharp(bytes).keepIccProfile().raw().toBuffer();
    const differences = Array.from({ length: 64 }, (_, field) =>
      deltaE2000(
        labOfDisplayP3(meanColour(before, side, field)),
        labOfDisplayP3(meanColour(after, side * scale, field)),
      ),
    );
    expect(Math.max(...differences)).toBeLessThan(1);
  });

  it('goes to a format without profiles as sRGB', async () => {
    const input = await sharp(fields(32), { raw: { width: 32, height: 32, channels: 3 } })
      .withIccProfile('p3')
      .png()
      .toBuffer();
    const { bytes } = await restoreToBytes(identityRestorer(2), input, 'gif', {});
    const srgb = await sharp(input).resize(64, 64, { kernel: 'nearest' }).raw().toBuffer();
    const after = await sharp(bytes).removeAlpha().raw().toBuffer();
    const off = after.reduce((sum, value, i) => sum + Math.abs(value - srgb[i]), 0) / srgb.length;
    expect(off).toBeLessThan(3);
  });
});

describe('CMYK', () => {
  it('becomes Display P3, as the profile of the inks says', async () => {
    const input = await sharp(fields(64), { raw: { width: 64, height: 64, channels: 3 } })
      .withIccProfile('cmyk')
      .toColourspace('cmyk')
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const before = await sharp(input).metadata();
    expect([before.space, before.channels]).toEqual(['cmyk', 4]);
    const { bytes, metadata } = await restored(input, 'png', { scale: 1 });
    expect([metadata.space, metadata.channels]).toEqual(['srgb', 3]);
    expect(metadata.icc?.subarray(16, 20).toString()).toBe('RGB ');
    const expected = await sharp(input).toColourspace('srgb').raw().toBuffer();
    const got = await sharp(bytes).toColourspace('srgb').raw().toBuffer();
    const off = got.reduce((sum, value, i) => sum + Math.abs(value - expected[i]), 0) / got.length;
    // By way of sRGB, the reference has lost what inks show and sRGB does not.
    expect(off).toBeLessThan(4);
  });
});

describe('16 bits', () => {
  const ramp = Uint16Array.from({ length: 4096 * 2 }, (_, i) => 20_000 + (i % 4096) * 2);
  const png = () =>
    sharp(ramp, { raw: { width: 4096, height: 2, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();

  it.each([1, 1.5, 2])('keep a ramp without bands at -s %d', async (scale) => {
    const { bytes, metadata } = await restored(await png(), 'png', { scale });
    expect([metadata.depth, metadata.space]).toEqual(['ushort', 'grey16']);
    const raw = await sharp(bytes).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer();
    const row = new Uint16Array(raw.buffer, raw.byteOffset, metadata.width);
    // 8 bits would give 33 levels.
    expect(new Set(row).size).toBeGreaterThan(4000);
    const steps = Array.from(row.subarray(1), (value, i) => value - row[i]);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...steps)).toBeLessThanOrEqual(3);
  });

  it('are rounded, and said to be lost, where the format has 8', async () => {
    const { lost, bytes } = await restored(await png(), 'jpeg', { scale: 1 });
    expect(lost).toEqual(['16 bits']);
    const raw = await sharp(bytes).toColourspace('b-w').raw().toBuffer();
    const error = Array.from(raw.subarray(0, 4096), (value, i) => value - ramp[i] / 257);
    expect(Math.abs(error.reduce((sum, one) => sum + one, 0) / 4096)).toBeLessThan(0.2);
  });
});

describe('a network that changes the light', () => {
  const photo = (width: number, height: number) => {
    const bytes = Buffer.from(
      Array.from({ length: 3 * width * height }, (_, i) => {
        const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
        return 60 + 40 * Math.sin(x / 3) + (60 * y) / height + 20 * (i % 3);
      }),
    );
    return sharp(bytes, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
  };

  it.each([
    [64, 48, 2],
    [150, 200, 1.5],
    [33, 190, 2.3],
  ])('does not change that of a photo of %i x %i at -s %d', async (width, height, scale) => {
    const input = await photo(width, height);
    const plain = await restored(input, 'png', { scale, tile: 64 });
    const { bytes } = await restored(input, 'png', { scale, tile: 64 }, (v) => 0.9 * v + 0.06);
    const [a, b] = [await sharp(plain.bytes).raw().toBuffer(), await sharp(bytes).raw().toBuffer()];
    const shift = a.reduce((sum, value, i) => sum + b[i] - value, 0) / a.length;
    expect(Math.abs(shift)).toBeLessThan(0.8);
  });

  it('is left alone where it does not', async () => {
    const input = await photo(100, 70);
    const once = await restored(input, 'png', { scale: 2 });
    const again = await restored(input, 'png', { scale: 2 }, (value) => value + 0.001);
    const [a, b] = [
      await sharp(once.bytes).raw().toBuffer(),
      await sharp(again.bytes).raw().toBuffer(),
    ];
    expect(a.every((value, i) => Math.abs(value - b[i]) <= 1)).toBe(true);
  });
});
