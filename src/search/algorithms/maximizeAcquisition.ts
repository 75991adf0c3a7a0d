import type { Random } from '../../tensor/index.js';
import { freshness, freshPoint, type SearchProblem } from './searchProblem.js';
import { allPoints, randomPoint, type Point } from '../space/space.js';

export interface AcquisitionSearch {
  /** What is to be as great as possible. */
  readonly acquisition: (point: Point) => number;
  /** Points near which it may be great. */
  readonly promising: readonly Point[];
  /** Points that are not wanted again. */
  readonly taken: readonly Point[];
  readonly random: Random;
}

interface Candidate {
  readonly point: Point;
  readonly value: number;
}

/**
 * The point with the greatest acquisition of those that may be suggested: exactly, over all of a discrete
 * space; from several starts in a continuous one. A random one where the acquisition is 0 everywhere;
 * undefined where no point is left.
 */
export function maximizeAcquisition(
  problem: SearchProblem,
  search: AcquisitionSearch,
): Point | undefined {
  const fresh = freshness(problem, search.taken);
  const best =
    problem.space.kind === 'discrete'
      ? bestOf(allPoints(problem.space), search.acquisition, fresh)
      : climb(problem, search, fresh);
  return best && best.value > 0 ? best.point : freshPoint(problem, search.taken, search.random);
}

function bestOf(
  points: Iterable<Point>,
  acquisition: (point: Point) => number,
  fresh: (point: Point) => boolean,
): Candidate | undefined {
  let best: Candidate | undefined;
  for (const point of points) {
    if (!fresh(point)) continue;
    const value = acquisition(point);
    if (!best || value > best.value) best = { point, value };
  }
  return best;
}

const scattered = 500;
const aroundPromising = 200;
const climbers = 5;
const rounds = 20;
const stepsOfRound = 15;
const widestStep = 0.1;

/** Random search, then from the best few of it a random descent whose steps shrink when none leads up. */
function climb(
  problem: SearchProblem,
  { acquisition, promising, random }: AcquisitionSearch,
  fresh: (point: Point) => boolean,
): Candidate | undefined {
  const points = Array.from({ length: scattered }, () => randomPoint(problem.space, random));
  for (let i = 0; promising.length > 0 && i < aroundPromising; i++) {
    points.push(moved(promising[random.integer(promising.length)], widestStep, random));
  }
  const starts = points
    .filter(fresh)
    .map((point): Candidate => ({ point, value: acquisition(point) }))
    .sort((a, b) => b.value - a.value)
    .slice(0, climbers);
  const tops = starts.map((start) => {
    let top = start;
    let step = widestStep;
    for (let round = 0; round < rounds; round++) {
      const around = Array.from({ length: stepsOfRound }, () => moved(top.point, step, random));
      const next = bestOf(around, acquisition, fresh);
      if (next && next.value > top.value) top = next;
      else step /= 2;
    }
    return top;
  });
  return tops.sort((a, b) => b.value - a.value)[0];
}

/** The point with about two of its coordinates changed, inside the cube. */
function moved(point: Point, step: number, random: Random): Point {
  const share = Math.min(1, 2 / point.length);
  const always = random.integer(point.length);
  return point.map((x, i) => {
    if (i !== always && random.uniform() > share) return x;
    return Math.min(1, Math.max(0, x + step * random.normal()));
  });
}
