import { bayesianSearch } from './bayesianSearch.js';
import { nsga2 } from './nsga2.js';
import type { Objectives } from './pareto.js';
import { randomSearch, type StrategyOptions } from './randomSearch.js';
import type { Proposer, SearchProblem, Trial } from './searchProblem.js';
import { pointKey, type Point } from '../space/space.js';

/** How points are chosen, by name. */
export const strategies = {
  /** Gaussian processes and expected hypervolume improvement. */
  bayesian: bayesianSearch,
  nsga2,
  random: randomSearch,
} as const satisfies Record<string, (problem: SearchProblem, options: StrategyOptions) => Proposer>;

export type StrategyName = keyof typeof strategies;

/** A search that asks for points to be measured and is told what came out. */
export interface Search {
  /** In the order of their suggestion. */
  readonly trials: readonly Trial[];
  /** Suggested and not measured yet. */
  readonly pending: readonly Point[];
  /**
   * Up to `count` points to measure next; fewer, or none, where the space is used up or the strategy waits for
   * measurements.
   */
  ask(count: number): readonly Point[];
  /** @throws RangeError for a point that is not pending, or an objective that is not finite (or, on a log scale, not positive). */
  tell(point: Point, objectives: Objectives): void;
}

/** Starts a search, or goes on with one of which the trials are known. */
export function createSearch(
  problem: SearchProblem,
  propose: Proposer,
  begun: readonly Trial[] = [],
): Search {
  const trials: Trial[] = [...begun];
  return {
    trials,
    get pending() {
      return trials.filter(({ objectives }) => !objectives).map(({ point }) => point);
    },
    ask(count) {
      const points = propose(trials, count);
      trials.push(...points.map((point) => ({ point })));
      return points;
    },
    tell(point, objectives) {
      requireMeasurable(problem, objectives);
      const key = pointKey(point);
      const index = trials.findIndex((trial) => !trial.objectives && pointKey(trial.point) === key);
      if (index < 0) throw new RangeError(`expected a point that was asked for, got [${key}]`);
      trials[index] = { point, objectives };
    },
  };
}

function requireMeasurable(problem: SearchProblem, objectives: Objectives): void {
  for (const [i, { name, scale }] of problem.objectives.entries()) {
    const value = objectives[i];
    if (Number.isFinite(value) && (scale !== 'log' || value > 0)) continue;
    const expected = scale === 'log' ? 'a positive number' : 'a finite number';
    throw new RangeError(`expected ${expected} for ${name}, got ${value}`);
  }
}
