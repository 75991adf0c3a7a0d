import { describe, expect, it } from 'vitest';
import type { RestorerConfig } from '../models/index.js';
import { formatBytes, MemoryError } from '../runtime/memory.js';
import { chooseTile, restorationBytes, type RestorationSize } from './memory.js';

const config: RestorerConfig = {
  scale: 4,
  inChannels: 3,
  baseChannels: 48,
  encoderLayers: 1,
  decoderLayers: 1,
  blockOutChannels: [64, 96],
  layersPerBlock: [1, 2],
  actFn: 'relu',
};
const enlarged = (width: number, height: number, scale = 4): RestorationSize => ({
  ...{ width, height, channels: 3, codecBytes: 0 },
  output: { width: width * scale, height: height * scale },
});
const photo = enlarged(2000, 1500, 2);

describe('memory', () => {
  it('grows with the picture and with the tile', () => {
    const small = restorationBytes(config, photo, 128);
    expect(restorationBytes(config, photo, 512)).toBeGreaterThan(small);
    expect(restorationBytes(config, enlarged(4000, 1500), 128)).toBeGreaterThan(small);
    expect(restorationBytes(config, { ...photo, codecBytes: 5e8 }, 128)).toBe(small + 5e8);
  });

  it('does not grow with the height of the picture', () => {
    const low = restorationBytes(config, enlarged(2000, 1500), 128);
    expect(restorationBytes(config, enlarged(2000, 150_000), 128)).toBeLessThan(1.05 * low);
  });

  it('decides on the largest tile that fits', () => {
    expect(chooseTile(config, enlarged(600, 400), Infinity)).toBe(512);
    const just = restorationBytes(config, photo, 256);
    expect(chooseTile(config, photo, just)).toBe(256);
    expect(chooseTile(config, photo, just - 1)).toBe(192);
  });

  it('is not all taken because it is there', () => {
    const tile = chooseTile(config, enlarged(6000, 4200, 2), Infinity);
    expect(tile).toBeLessThan(512);
    expect(restorationBytes(config, enlarged(6000, 4200, 2), tile)).toBeLessThan(1.25e9);
    const wide = enlarged(30_000, 20_000);
    expect(chooseTile(config, wide, Infinity)).toBe(128);
  });

  it('that is short is reported with how much it would take', () => {
    const wide = enlarged(30_000, 20_000);
    const attempt = () => chooseTile(config, wide, 2e9);
    expect(attempt).toThrow(MemoryError);
    expect(attempt).toThrow(
      /^expected \d+\.\d GB of memory to restore 30000x20000 pixels to 120000x80000, got 2\.0 GB$/,
    );
    expect(() => chooseTile(config, photo, 2e8, [96])).toThrow(MemoryError);
  });

  it('is written as people write it', () => {
    expect([formatBytes(1), formatBytes(640e6), formatBytes(12.34e9)]).toEqual([
      '1 MB',
      '640 MB',
      '12.3 GB',
    ]);
  });
});
