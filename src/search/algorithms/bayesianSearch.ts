import { Random } from '../../tensor/index.js';
import { objectiveModel, scaled, type ObjectiveModel } from './objectiveModel.js';
import { expectedHypervolumeImprovement } from './expectedHypervolumeImprovement.js';
import { maximizeAcquisition } from './maximizeAcquisition.js';
import { paretoFront, type Objectives } from './pareto.js';
import type { StrategyOptions } from './randomSearch.js';
import {
  freshPoint,
  gather,
  initialDesign,
  isMeasured,
  type MeasuredTrial,
  type Proposer,
  type SearchProblem,
} from './searchProblem.js';
import { coordinatesOf, type Point } from '../space/space.js';

/** How far beyond the worst of the front the reference lies, as a part of the front's extent. */
const beyond = 0.1;

/**
 * Bayesian optimisation of both objectives (NanoSD, section on the search): after the initial design, a
 * Gaussian process for each objective that has to be measured, and the point with the greatest expected
 * hypervolume improvement; an objective that is known takes part as it is. Further points of a batch are
 * chosen as if those before them had come out as expected (the "kriging believer" of Ginsbourger, Le Riche
 * and Carraro 2010).
 */
export function bayesianSearch(
  problem: SearchProblem,
  { seed, initial }: StrategyOptions,
): Proposer {
  const design = initialDesign(problem, initial, Random.seeded(seed));
  return (trials, count) => {
    if (trials.length < design.length) return design.slice(trials.length).slice(0, count);
    const measured = trials.filter(isMeasured);
    const taken = trials.map(({ point }) => point);
    const random = Random.seeded(seed, trials.length);
    // A deviation of outputs takes two: until then one at a time, and no model.
    if (measured.length < 2) {
      return gather(taken, 1, (all) => freshPoint(problem, all, random));
    }
    let belief = beliefFrom(problem, measured, random);
    for (const trial of trials)
      if (!isMeasured(trial)) belief = believe(problem, belief, trial.point);
    return gather(taken, count, (all) => {
      const point = mostPromising(problem, belief, all, random);
      if (point) belief = believe(problem, belief, point);
      return point;
    });
  };
}

/** What is known, and what is taken for granted of points that are yet to be measured. */
interface Belief {
  readonly models: readonly [ObjectiveModel, ObjectiveModel];
  readonly points: readonly Point[];
  /** Of each point, on the scales of the objectives. */
  readonly outcomes: readonly Objectives[];
}

function beliefFrom(
  problem: SearchProblem,
  measured: readonly MeasuredTrial[],
  random: Random,
): Belief {
  const [first, second] = problem.objectives;
  const outcomes = measured.map(({ objectives }): Objectives => [
    scaled(first, objectives[0]),
    scaled(second, objectives[1]),
  ]);
  const points = measured.map(({ point }) => point);
  const model = (index: 0 | 1): ObjectiveModel =>
    objectiveModel(
      problem.objectives[index],
      problem.space,
      { points, outputs: outcomes.map((outcome) => outcome[index]) },
      random,
    );
  return { models: [model(0), model(1)], points, outcomes };
}

function believe(problem: SearchProblem, belief: Belief, point: Point): Belief {
  const [first, second] = belief.models;
  const at = coordinatesOf(problem.space, point);
  return {
    models: [first.believe(point, at), second.believe(point, at)],
    points: [...belief.points, point],
    outcomes: [...belief.outcomes, [first.predict(point, at).mean, second.predict(point, at).mean]],
  };
}

function mostPromising(
  problem: SearchProblem,
  { models, points, outcomes }: Belief,
  taken: readonly Point[],
  random: Random,
): Point | undefined {
  const front = paretoFront([...outcomes.keys()], (index) => outcomes[index]);
  const improvement = expectedHypervolumeImprovement(outcomes, referenceBeyond(outcomes));
  return maximizeAcquisition(problem, {
    acquisition: (point) => {
      const at = coordinatesOf(problem.space, point);
      return improvement(models[0].predict(point, at), models[1].predict(point, at));
    },
    promising: front.map((index) => points[index]),
    taken,
    random,
  });
}

/** Worse than all of the outcomes; where they have no extent, by a step of any size. */
function referenceBeyond(outcomes: readonly Objectives[]): Objectives {
  const side = (index: 0 | 1): number => {
    const values = outcomes.map((objectives) => objectives[index]);
    const worst = Math.max(...values);
    const extent = worst - Math.min(...values);
    return worst + beyond * (extent > 0 ? extent : Math.abs(worst) || 1);
  };
  return [side(0), side(1)];
}
