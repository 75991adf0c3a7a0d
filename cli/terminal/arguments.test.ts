import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { parseBytes, parseCount, parseQuality, parseSize, parseTile } from './arguments.js';

describe('arguments', () => {
  it('are parsed', () => {
    expect(parseCount('12')).toBe(12);
    expect([parseQuality('1'), parseQuality('100')]).toEqual([1, 100]);
    expect([parseTile('auto'), parseTile('256')]).toEqual([undefined, 256]);
    expect(['800MB', '1.5g', '64 kB', '1000'].map(parseBytes)).toEqual([8e8, 1.5e9, 64e3, 1000]);
    expect(parseSize('640x480')).toEqual({ width: 640, height: 480 });
    expect(parseSize('128')).toEqual({ width: 128, height: 128 });
  });

  it.each([
    () => parseCount('0'),
    () => parseCount('1.5'),
    () => parseCount(''),
    () => parseCount('1e99'),
    () => parseQuality('0'),
    () => parseQuality('101'),
    () => parseQuality(''),
    () => parseTile('big'),
    () => parseBytes('much'),
    () => parseBytes('-1GB'),
    () => parseSize('1x2x3'),
    () => parseSize('x'),
  ])('that make no sense are refused: %s', (parse) => {
    expect(parse).toThrow(InvalidArgumentError);
  });
});
