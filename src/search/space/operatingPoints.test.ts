import { describe, expect, it } from 'vitest';
import type { MeasuredStudent } from '../report/familyReport.js';
import { hypervolumeCurve, hypervolumeShare } from '../algorithms/hypervolumeShare.js';
import { operatingPoints, qualityFront } from './operatingPoints.js';

function student(
  stages: string,
  taFD: number,
  latencyMs: number,
  parameters: number,
): MeasuredStudent {
  return { stages, taFD, latencyMs, parameters, macs: 1, latentDistance: 0, featureDistance: 0 };
}

// By latency, the knee is C: it is nearly as good as A and nearly as fast as E.
const [A, B, C, D, E, F, G] = [
  student('A', 0.01, 100, 9e6),
  student('B', 0.013, 60, 8e6),
  student('C', 0.02, 15, 7e6),
  student('D', 0.3, 12, 6e6),
  student('E', 1, 10, 2e6),
  student('F', 0.5, 70, 2.5e6),
  student('G', 0.06, 90, 3e6),
];
const beaten = student('X', 2, 200, 1e7);

describe('operatingPoints', () => {
  it('names the ends and the knees of both fronts, each student once', () => {
    const points = operatingPoints([A, B, C, D, E, F, G, beaten, C]);
    expect(points.map(({ name, stages }) => [name, stages])).toEqual([
      ['nanosd-prime', 'A'],
      ['nanosd-fast', 'E'],
      ['nanosd-small', 'F'],
      ['nanosd-balanced', 'C'],
      ['nanosd-compact', 'G'],
    ]);
    expect(points[0]).toMatchObject({ rule: 'the smallest taFD', taFD: 0.01 });
  });

  it('names no student whose pictures have nothing to do with the teacher, unless there are no others', () => {
    const broken = { ...E, featureDistance: 1.5 };
    const names = operatingPoints([A, broken, F]).map(({ stages }) => stages);
    expect(names).toEqual(['A', 'F']);
    expect(operatingPoints([broken]).map(({ stages }) => stages)).toEqual(['E']);
  });

  it('gives no name where there is no student left', () => {
    expect(operatingPoints([A]).map(({ name }) => name)).toEqual(['nanosd-prime']);
    expect(operatingPoints([A, E]).map(({ name }) => name)).toEqual([
      'nanosd-prime',
      'nanosd-fast',
    ]);
    expect(operatingPoints([])).toEqual([]);
  });
});

describe('qualityFront', () => {
  it('leaves out what is beaten, and repetitions', () => {
    const front = qualityFront([beaten, E, A, C, A], ({ latencyMs }) => latencyMs);
    expect(front.map(({ stages }) => stages)).toEqual(['A', 'C', 'E']);
  });
});

describe('hypervolumeShare', () => {
  const box = { worst: [100, 16], best: [1, 1] } as const;

  it('is the dominated part of the box in logarithms', () => {
    expect(hypervolumeShare([], box)).toBe(0);
    expect(hypervolumeShare([[1, 1]], box)).toBeCloseTo(1, 12);
    expect(hypervolumeShare([[10, 4]], box)).toBeCloseTo(1 / 4, 12);
    expect(
      hypervolumeShare(
        [
          [1, 4],
          [10, 1],
        ],
        box,
      ),
    ).toBeCloseTo(3 / 4, 12);
    expect(hypervolumeShare([[200, 1]], box)).toBe(0);
  });

  it('never falls', () => {
    const curve = hypervolumeCurve(
      [
        [10, 8],
        [50, 12],
        [5, 2],
      ],
      box,
    );
    expect(curve).toHaveLength(3);
    expect(curve[1]).toBe(curve[0]);
    expect(curve[2]).toBeGreaterThan(curve[1]);
  });
});
