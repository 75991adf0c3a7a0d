import { describe, expect, it } from 'vitest';
import type { RestorerConfig } from '../models/index.js';
import { formatBytes, MemoryError } from '../runtime/memory.js';
import { chooseTile, restorationBytes } from './memory.js';

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
const photo = { width: 2000, height: 1500 };

describe('memory', () => {
  it('grows with the picture and with the tile', () => {
    const small = restorationBytes(config, photo, 128);
    expect(restorationBytes(config, photo, 512)).toBeGreaterThan(small);
    expect(restorationBytes(config, { width: 4000, height: 1500 }, 128)).toBeGreaterThan(small);
  });

  it('decides on the largest tile that fits', () => {
    expect(chooseTile(config, photo, Infinity)).toBe(512);
    const just = restorationBytes(config, photo, 256);
    expect(chooseTile(config, photo, just)).toBe(256);
    expect(chooseTile(config, photo, just - 1)).toBe(192);
  });

  it('that is short is reported with how much it would take', () => {
    const wide = { width: 30_000, height: 20_000 };
    const attempt = () => chooseTile(config, wide, 8e9);
    expect(attempt).toThrow(MemoryError);
    expect(attempt).toThrow(
      /^expected \d+\.\d GB of memory to restore 30000x20000 pixels to 120000x80000, got 8\.0 GB$/,
    );
    expect(() => chooseTile(config, photo, 5e8, [96])).toThrow(MemoryError);
  });

  it('is written as people write it', () => {
    expect([formatBytes(1), formatBytes(640e6), formatBytes(12.34e9)]).toEqual([
      '1 MB',
      '640 MB',
      '12.3 GB',
    ]);
  });
});
