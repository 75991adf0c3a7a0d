import { Random } from '../../tensor/index.js';
import {
  freshPoint,
  gather,
  initialDesign,
  type Proposer,
  type SearchProblem,
} from './searchProblem.js';

export interface StrategyOptions {
  readonly seed: number;
  /** Points of the initial design, anchors included. */
  readonly initial: number;
}

/** The initial design, then uniformly random points: what every strategy has to beat. */
export function randomSearch(problem: SearchProblem, { seed, initial }: StrategyOptions): Proposer {
  const design = initialDesign(problem, initial, Random.seeded(seed));
  return (trials, count) => {
    if (trials.length < design.length) return design.slice(trials.length).slice(0, count);
    const random = Random.seeded(seed, trials.length);
    const taken = trials.map(({ point }) => point);
    return gather(taken, count, (all) => freshPoint(problem, all, random));
  };
}
