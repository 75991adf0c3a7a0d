import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  edgePosition,
  filterSeparable,
  gaussianWindow,
  validTaps,
  windowTaps,
  type AxisTaps,
} from './separable.js';

describe('edgePosition', () => {
  const beyond = [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6];

  it('mirrors with the edge repeated, mirrors about it, or repeats it', () => {
    const along = (edge: 'symmetric' | 'reflect' | 'nearest') =>
      beyond.map((position) => edgePosition(position, 3, edge));
    expect(along('symmetric')).toEqual([2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
    expect(along('reflect')).toEqual([0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]);
    expect(along('nearest')).toEqual([0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2]);
  });

  it('has only one answer for an axis of one sample', () => {
    for (const edge of ['symmetric', 'reflect', 'nearest'] as const) {
      expect(beyond.map((position) => edgePosition(position, 1, edge))).toEqual(
        beyond.map(() => 0),
      );
    }
  });
});

it('a Gaussian window is symmetric and sums to 1', () => {
  const window = gaussianWindow(7, 1.3);
  expect(window.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 14);
  expect(window[1]).toBe(window[5]);
  expect(window[3] / window[2]).toBeCloseTo(Math.exp(1 / (2 * 1.3 * 1.3)), 12);
});

describe('filterSeparable', () => {
  const dense = (taps: AxisTaps, length: number): number[][] =>
    Array.from({ length: taps.length }, (_, i) => {
      const row = new Array<number>(length).fill(0);
      for (let tap = i * taps.count; tap < (i + 1) * taps.count; tap++) {
        row[taps.indices[tap]] += taps.weights[tap];
      }
      return row;
    });

  it('equals the two matrix products', () => {
    const size = fc.integer({ min: 3, max: 8 });
    const window = fc.constantFrom(1, 3).chain((length) =>
      fc.array(fc.double({ min: -2, max: 2, noNaN: true }), {
        minLength: length,
        maxLength: length,
      }),
    );
    const build = fc.constantFrom(validTaps, (length: number, values: number[]) =>
      windowTaps(length, values, 'reflect'),
    );
    fc.assert(
      fc.property(size, size, window, build, (width, height, values, taps) => {
        const plane = Float64Array.from({ length: width * height }, (_, i) => Math.sin(i));
        const horizontal = taps(width, values);
        const vertical = taps(height, values);
        const out = new Float64Array(horizontal.length * vertical.length);
        filterSeparable(plane, width, height, horizontal, vertical, out);
        const rows = dense(vertical, height);
        const columns = dense(horizontal, width);
        rows.forEach((row, y) => {
          columns.forEach((column, x) => {
            let expected = 0;
            for (let i = 0; i < plane.length; i++) {
              expected += row[Math.floor(i / width)] * column[i % width] * plane[i];
            }
            expect(out[y * horizontal.length + x]).toBeCloseTo(expected, 10);
          });
        });
      }),
    );
  });
});
