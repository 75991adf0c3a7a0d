import { describe, expect, it } from 'vitest';
import { hypervolume, type Objectives } from './pareto.js';
import { createSearch, strategies, type StrategyName } from './search.js';
import type { SearchProblem } from './searchProblem.js';
import { pointKey, type Point } from '../space/space.js';

const names = Object.keys(strategies) as StrategyName[];

/** 5 x 6 x 7 points: a distance that falls with every option, a cost that rises with it. */
const grid: SearchProblem = {
  space: {
    kind: 'discrete',
    choices: [5, 6, 7].map((count, i) => ({
      name: `choice ${i}`,
      options: Array.from({ length: count }, (_, option) => `option ${option}`),
    })),
  },
  objectives: [{ name: 'distance', scale: 'log' }, { name: 'cost' }],
  anchors: [
    [0, 0, 0],
    [4, 5, 6],
  ],
};
const cube: SearchProblem = {
  space: { kind: 'continuous', dimensions: 3 },
  objectives: [{ name: 'f1' }, { name: 'f2' }],
};

function measureGrid([a, b, c]: Point): Objectives {
  return [Math.exp(-0.2 * a - 0.1 * b - 0.3 * c + 0.02 * a * b), a + 2 * b + 0.5 * c];
}

/** ZDT1 in three dimensions. */
function measureCube([f, y, z]: Point): Objectives {
  const g = 1 + 4.5 * (y + z);
  return [f, g * (1 - Math.sqrt(f / g))];
}

interface Run {
  readonly problem?: SearchProblem;
  readonly measure?: (point: Point) => Objectives;
  readonly seed?: number;
  readonly initial?: number;
  readonly evaluations?: number;
  readonly batch?: number;
}

function run(
  name: StrategyName,
  {
    problem = grid,
    measure = measureGrid,
    seed = 1,
    initial = 6,
    evaluations = 16,
    batch = 1,
  }: Run = {},
) {
  const search = createSearch(problem, strategies[name](problem, { seed, initial }));
  while (search.trials.length < evaluations) {
    const points = search.ask(Math.min(batch, evaluations - search.trials.length));
    if (points.length === 0) break;
    for (const point of points) search.tell(point, measure(point));
  }
  return search.trials.map(({ point, objectives }) => ({
    point,
    objectives: objectives ?? [0, 0],
  }));
}

describe.each(names)('%s', (name) => {
  it('suggests the same for the same seed, and something else for another', () => {
    expect(run(name)).toEqual(run(name));
    expect(run(name, { seed: 2 })).not.toEqual(run(name));
  });

  it('begins with the anchors, like every strategy, and never suggests a point twice', () => {
    const points = run(name, { batch: 4, evaluations: 30 }).map(({ point }) => point);
    expect(points.slice(0, 2)).toEqual(grid.anchors);
    expect(points.slice(0, 6)).toEqual(
      run('random')
        .map(({ point }) => point)
        .slice(0, 6),
    );
    expect(new Set(points.map(pointKey)).size).toBe(30);
  });

  it('suggests only what is allowed', () => {
    const allowed = (point: Point): boolean => measureGrid(point)[1] <= 6;
    const trials = run(name, { problem: { ...grid, allowed }, batch: 3 });
    expect(trials).toHaveLength(16);
    for (const { point } of trials) expect(measureGrid(point)[1]).toBeLessThanOrEqual(6);
  });

  it('ends where every point has been suggested', () => {
    const problem: SearchProblem = { ...grid, allowed: ([a, b, c]) => a + b + c <= 2 };
    expect(run(name, { problem, evaluations: 99, batch: 4 })).toHaveLength(10);
  });

  it('stays in the cube of a continuous space', () => {
    const trials = run(name, { problem: cube, measure: measureCube, evaluations: 14 });
    expect(trials).toHaveLength(14);
    for (const x of trials.flatMap(({ point }) => point)) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(1);
    }
  });

  it('goes on in the middle as if it had never been away', () => {
    const whole = run(name, { evaluations: 14 });
    const search = createSearch(
      grid,
      strategies[name](grid, { seed: 1, initial: 6 }),
      whole.slice(0, 10),
    );
    expect(search.ask(1)).toEqual([whole[10].point]);
  });

  it('suggests more while measurements are pending', () => {
    const search = createSearch(grid, strategies[name](grid, { seed: 1, initial: 6 }));
    for (const point of search.ask(6)) search.tell(point, measureGrid(point));
    const first = search.ask(2);
    const second = search.ask(2);
    expect(search.pending).toEqual([...first, ...second]);
    expect(new Set(search.pending.map(pointKey)).size).toBe(4);
  });
});

describe('createSearch', () => {
  it('takes only what it asked for, once, and numbers that it can use', () => {
    const search = createSearch(grid, strategies.random(grid, { seed: 1, initial: 6 }));
    const [point] = search.ask(1);
    expect(() => search.tell([1, 1, 1], [1, 1])).toThrow('expected a point that was asked for');
    expect(() => search.tell(point, [NaN, 1])).toThrow('for distance, got NaN');
    expect(() => search.tell(point, [0, 1])).toThrow('expected a positive number for distance');
    search.tell(point, [1, 1]);
    expect(() => search.tell(point, [1, 1])).toThrow('expected a point that was asked for');
  });
});

describe('the strategies compared', () => {
  const found = (name: StrategyName, seed: number, options: Run, reference: Objectives): number =>
    hypervolume(
      run(name, { ...options, seed }).map(({ objectives }) => objectives),
      reference,
    );

  function medians(options: Run, reference: Objectives): Record<string, number> {
    const median = (name: StrategyName): number =>
      [1, 2, 3].map((seed) => found(name, seed, options, reference)).sort((a, b) => a - b)[1];
    return Object.fromEntries(names.map((name) => [name, median(name)]));
  }

  it('rank as they should on ZDT1', () => {
    const options = { problem: cube, measure: measureCube, initial: 8, evaluations: 24 };
    const { bayesian, nsga2, random } = medians(options, [11, 11]);
    expect(bayesian).toBeGreaterThan(nsga2);
    expect(bayesian).toBeGreaterThan(random);
    // The front's own hypervolume is 121 - 1/3.
    expect(bayesian).toBeGreaterThan(0.99 * (121 - 1 / 3));
  });

  it('use a known objective: all that is left to learn is the other', () => {
    const [distance, cost] = grid.objectives;
    const known = (point: Point): number => measureGrid(point)[1];
    const options = { initial: 6, evaluations: 18 };
    const problem: SearchProblem = { ...grid, objectives: [distance, { ...cost, known }] };
    const { bayesian } = medians({ ...options, problem }, [1.1, 17]);
    const { nsga2, random } = medians(options, [1.1, 17]);
    expect(bayesian).toBeGreaterThan(nsga2);
    expect(bayesian).toBeGreaterThan(random);
  });
});
