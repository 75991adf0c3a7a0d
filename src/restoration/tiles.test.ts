import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planTiles } from './tiles.js';

const sizes = fc.record({
  width: fc.integer({ min: 1, max: 700 }),
  height: fc.integer({ min: 1, max: 300 }),
  multiple: fc.constantFrom(1, 2, 4, 8),
  overlap: fc.integer({ min: 0, max: 16 }),
  tile: fc.integer({ min: 48, max: 200 }),
});

describe('a grid of tiles', () => {
  it('keeps every pixel of the picture exactly once', () => {
    fc.assert(
      fc.property(sizes, ({ width, height, ...options }) => {
        const kept = new Uint8Array(width * height);
        for (const { core } of planTiles(width, height, options).tiles) {
          for (let y = core.top; y < core.top + core.height; y++) {
            for (let x = core.left; x < core.left + core.width; x++) kept[y * width + x]++;
          }
        }
        expect(kept.every((times) => times === 1)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('has windows of one size that begin at multiples and show what surrounds the kept part', () => {
    fc.assert(
      fc.property(sizes, ({ width, height, ...options }) => {
        const { tileWidth, tileHeight, tiles } = planTiles(width, height, options);
        const { multiple, overlap, tile } = options;
        expect([tileWidth % multiple, tileHeight % multiple]).toEqual([0, 0]);
        expect(Math.max(tileWidth, tileHeight)).toBeLessThanOrEqual(tile);
        const axes = tiles.flatMap(({ left, top, core }) => [
          { start: left, from: core.left, to: core.left + core.width, side: tileWidth, all: width },
          { start: top, from: core.top, to: core.top + core.height, side: tileHeight, all: height },
        ]);
        for (const { start, from, to, side, all } of axes) {
          expect(start % multiple).toBe(0);
          expect(start + side).toBeLessThan(all + multiple);
          expect(from - start).toBeGreaterThanOrEqual(from === 0 ? 0 : overlap);
          expect(start + side - to).toBeGreaterThanOrEqual(to === all ? 0 : overlap);
        }
      }),
    );
  });

  it('is one tile where the picture fits, padded to the multiple', () => {
    const grid = planTiles(61, 3, { tile: 64, overlap: 16, multiple: 4 });
    const core = { left: 0, top: 0, width: 61, height: 3 };
    expect(grid).toEqual({ tileWidth: 64, tileHeight: 4, tiles: [{ left: 0, top: 0, core }] });
  });

  it('divides evenly: a picture a little too large gives two halves, not a tile and a sliver', () => {
    const { tileWidth, tiles } = planTiles(516, 8, { tile: 512, overlap: 16, multiple: 4 });
    expect(tiles).toHaveLength(2);
    expect(tileWidth).toBe(276);
  });

  it('refuses tiles that are all overlap', () => {
    expect(() => planTiles(100, 100, { tile: 32, overlap: 16, multiple: 4 })).toThrow(
      'expected tiles of at least 36 pixels a side, got 32',
    );
  });
});
