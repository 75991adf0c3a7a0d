import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisShare, outputAxis, tapsWithin } from './blending.js';
import { planTiles } from './tiles.js';

const axes = fc.record({
  length: fc.integer({ min: 1, max: 600 }),
  multiple: fc.constantFrom(1, 2, 4, 8),
  tile: fc.integer({ min: 56, max: 200 }),
  scale: fc.constantFrom(1, 2, 4),
  factor: fc.double({ min: 0.3, max: 5, noNaN: true }),
});

/** Tiles of a row, with what each adds to an axis of the result. */
function shares(length: number, to: number, scale: number, tile: number, multiple: number) {
  const { tiles, tileWidth } = planTiles(length, 1, { tile, overlap: 20, multiple });
  const axis = outputAxis(length, to, scale);
  return tiles.map(({ left, core }) => {
    const share = axisShare(axis, core.left, core.left + core.width);
    return { left, tileWidth, share, taps: tapsWithin(axis, share, left * scale) };
  });
}

describe('the shares of tiles', () => {
  it('sum to 1 at every pixel of the result, at any size', () => {
    fc.assert(
      fc.property(axes, ({ length, multiple, tile, scale, factor }) => {
        const to = Math.max(1, Math.round(length * factor));
        const sum = new Float64Array(to);
        for (const { share } of shares(length, to, scale, tile, multiple)) {
          share.weights.forEach((weight, i) => {
            expect(weight).toBeGreaterThanOrEqual(0);
            sum[share.first + i] += weight;
          });
        }
        expect(sum.every((one) => Math.abs(one - 1) < 1e-6)).toBe(true);
      }),
    );
  });

  it('take in only what their tile has computed', () => {
    fc.assert(
      fc.property(axes, ({ length, multiple, tile, scale, factor }) => {
        const to = Math.max(1, Math.round(length * factor));
        for (const { taps, tileWidth } of shares(length, to, scale, tile, multiple)) {
          expect(taps.indices.every((index) => index >= 0 && index < tileWidth * scale)).toBe(true);
        }
      }),
    );
  });
});
