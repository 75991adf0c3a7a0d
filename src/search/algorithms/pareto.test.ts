import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import { dominates, hypervolume, paretoFront, type Objectives } from './pareto.js';

/** Few values, so that equal and nearly equal points are common. */
const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })));
const front = (all: readonly Objectives[]) => paretoFront(all, (point) => point);

describe('paretoFront', () => {
  it('keeps what nothing dominates, and nothing else', () => {
    fc.assert(
      fc.property(points, (all) => {
        const expected = all.filter((a) => !all.some((b) => dominates(b, a)));
        expect(new Set(front(all))).toEqual(new Set(expected));
        expect(front(all)).toHaveLength(expected.length);
      }),
    );
  });

  it('does not depend on the order, and does not change what it made', () => {
    fc.assert(
      fc.property(points, fc.integer(), (all, seed) => {
        const order = Random.seeded(seed).permutation(all.length);
        expect(front(order.map((i) => all[i]))).toEqual(front(all));
        expect(front(front(all))).toEqual(front(all));
      }),
    );
  });

  it('rises in the first objective and falls in the second', () => {
    expect(
      front([
        [3, 1],
        [1, 3],
        [2, 2],
        [2, 3],
        [9, 9],
      ]),
    ).toEqual([
      [1, 3],
      [2, 2],
      [3, 1],
    ]);
    expect(front([])).toEqual([]);
  });
});

describe('hypervolume', () => {
  it('is the area that is dominated, counted cell by cell', () => {
    fc.assert(
      fc.property(points, (all) => {
        let cells = 0;
        for (let x = 0; x < 8; x++) {
          for (let y = 0; y < 7; y++) {
            if (all.some((point) => point[0] <= x && point[1] <= y)) cells++;
          }
        }
        expect(hypervolume(all, [8, 7])).toBe(cells);
      }),
    );
  });

  it('is a rectangle for one point, and nothing beyond the reference', () => {
    expect(hypervolume([[1, 2]], [4, 4])).toBe(6);
    expect(
      hypervolume(
        [
          [5, 0],
          [0, 4],
        ],
        [4, 4],
      ),
    ).toBe(0);
    expect(hypervolume([], [4, 4])).toBe(0);
  });
});
