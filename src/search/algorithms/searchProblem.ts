import type { Random } from '../../tensor/index.js';
import type { Objectives } from './pareto.js';
import {
  allPoints,
  latinHypercube,
  pointKey,
  randomPoint,
  type Point,
  type SearchSpace,
} from '../space/space.js';

/** A number to be minimised. */
export interface SearchObjective {
  /** With its unit, such as `latency ms`. */
  readonly name: string;
  /** `log` where ratios count, as of a Frechet distance: it is modelled, and improvement measured, in logarithms. */
  readonly scale?: 'linear' | 'log';
  /** Where it needs no measuring, such as parameters, or a latency that a table predicts. */
  readonly known?: (point: Point) => number;
}

/** What is searched for: the points of a space with the best trade-offs of two objectives. */
export interface SearchProblem {
  readonly space: SearchSpace;
  readonly objectives: readonly [SearchObjective, SearchObjective];
  /** Points that may be suggested, such as those with at most P parameters; absent: all. */
  readonly allowed?: (point: Point) => boolean;
  /** Points to begin with, such as the smallest network and the largest. */
  readonly anchors?: readonly Point[];
}

/** A point that was suggested and, once it was measured, its objectives. */
export interface Trial {
  readonly point: Point;
  readonly objectives?: Objectives;
}

/** A trial whose objectives are there. */
export type MeasuredTrial = Required<Trial>;

/**
 * Suggests up to `count` points that are not among the trials; fewer where no more are left, or to wait for
 * measurements. A pure function of the trials, in the order of their suggestion: a search that was
 * interrupted goes on as if it had not been.
 */
export type Proposer = (trials: readonly Trial[], count: number) => readonly Point[];

export function isMeasured(trial: Trial): trial is MeasuredTrial {
  return trial.objectives !== undefined;
}

/** Tells the points that may be suggested: allowed, and not among those taken. */
export function freshness(
  { allowed = () => true }: SearchProblem,
  taken: readonly Point[],
): (point: Point) => boolean {
  const keys = new Set(taken.map(pointKey));
  return (point) => !keys.has(pointKey(point)) && allowed(point);
}

/** Up to `count` points one after the other, each suggested knowing those taken before; ends where there is none. */
export function gather(
  taken: readonly Point[],
  count: number,
  next: (taken: readonly Point[], index: number) => Point | undefined,
): Point[] {
  const gathered: Point[] = [];
  while (gathered.length < count) {
    const point = next([...taken, ...gathered], gathered.length);
    if (!point) break;
    gathered.push(point);
  }
  return gathered;
}

const patience = 1000;

/** A random point that may be suggested; undefined where none is left (or, in a continuous space, found). */
export function freshPoint(
  problem: SearchProblem,
  taken: readonly Point[],
  random: Random,
): Point | undefined {
  const { space } = problem;
  const fresh = freshness(problem, taken);
  for (let attempt = 0; attempt < patience; attempt++) {
    const point = randomPoint(space, random);
    if (fresh(point)) return point;
  }
  if (space.kind === 'continuous') return undefined;
  // A narrow constraint, or a space that is nearly used up.
  const left = [...allPoints(space)].filter(fresh);
  return left.length > 0 ? left[random.integer(left.length)] : undefined;
}

/** What every strategy begins with: the anchors, then a Latin hypercube; distinct and allowed points. */
export function initialDesign(problem: SearchProblem, count: number, random: Random): Point[] {
  const anchors = (problem.anchors ?? []).slice(0, count);
  const spread = latinHypercube(problem.space, count - anchors.length, random);
  const wanted = [...anchors, ...spread];
  return gather([], count, (taken, index) =>
    freshness(problem, taken)(wanted[index]) ? wanted[index] : freshPoint(problem, taken, random),
  );
}
