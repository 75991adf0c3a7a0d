import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allStages, formatStages, parseStages } from '../../surgery/index.js';
import { Random } from '../../tensor/index.js';
import {
  allPoints,
  coordinatesOf,
  latinHypercube,
  pointAt,
  pointKey,
  randomPoint,
} from './space.js';
import { pointOfStages, stagesAt, stageSpace } from './stageSpace.js';

describe('the space of stages', () => {
  it('has every network of the design space, once, in the same order', () => {
    const points = [...allPoints(stageSpace)];
    expect(points).toHaveLength(32_768);
    expect(new Set(points.map(pointKey)).size).toBe(32_768);
    expect(points.map((point) => formatStages(stagesAt(point)))).toEqual(
      [...allStages()].map(formatStages),
    );
  });

  it('knows where a network is', () => {
    const stages = parseStages('RA R RR RRA R RARARA');
    expect(pointOfStages(stages)).toEqual([1, 0, 2, 4, 0, 7]);
    expect(stagesAt(pointOfStages(stages))).toEqual(stages);
  });
});

describe('relaxing', () => {
  it('is undone by the bins', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const point = randomPoint(stageSpace, Random.seeded(seed));
        const relaxed = coordinatesOf(stageSpace, point);
        expect(relaxed.every((x) => x > 0 && x < 1)).toBe(true);
        expect(pointAt(stageSpace, relaxed)).toEqual(point);
      }),
    );
    expect(pointAt(stageSpace, [0, 0.24, 0.25, 1, 0.99, 0.5])).toEqual([0, 0, 1, 7, 7, 4]);
  });

  it('puts options where the space says', () => {
    const choice = {
      name: 'a',
      options: ['x', 'y'],
      coordinates: [
        [0, 0.5],
        [1, 0.2],
      ],
    };
    const space = { kind: 'discrete', choices: [choice, { name: 'b', options: ['z'] }] } as const;
    expect(coordinatesOf(space, [1, 0])).toEqual([1, 0.2, 0.5]);
  });
});

describe('latinHypercube', () => {
  it('has one point in each slice of each coordinate', () => {
    const space = { kind: 'continuous', dimensions: 3 } as const;
    const points = latinHypercube(space, 10, Random.seeded(1));
    for (let d = 0; d < 3; d++) {
      const slices = points.map((point) => Math.floor(point[d] * 10)).sort((a, b) => a - b);
      expect(slices).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });
});
