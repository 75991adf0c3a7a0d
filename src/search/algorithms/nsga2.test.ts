import { describe, expect, it } from 'vitest';
import { rank } from './nsga2.js';
import type { Objectives } from './pareto.js';

describe('rank', () => {
  it('sorts by fronts, and within one the least crowded first', () => {
    const objectives: Objectives[] = [
      [0, 10],
      [1, 8],
      [2, 7],
      [10, 0],
      [5, 9],
      [9, 9],
    ];
    const ranked = rank(objectives.map((pair, i) => ({ point: [i], objectives: pair })));
    expect(ranked.map(({ rank: level }) => level)).toEqual([0, 0, 0, 0, 1, 2]);
    // Deb et al. 2002: the ends are infinitely far from a neighbour; [2, 7] spans (10-1)/10 + (8-0)/10.
    expect(ranked.slice(0, 4).map(({ point }) => point[0])).toEqual([0, 3, 2, 1]);
    expect(ranked[2].crowding).toBeCloseTo(1.7, 12);
    expect(ranked[3].crowding).toBeCloseTo(0.5, 12);
    expect(ranked[0].crowding).toBe(Infinity);
  });

  it('bears points that are all the same', () => {
    const same = rank([1, 2, 3].map((i) => ({ point: [i], objectives: [1, 1] as const })));
    expect(same).toHaveLength(3);
    expect(same.every(({ rank: level }) => level === 0)).toBe(true);
  });
});
