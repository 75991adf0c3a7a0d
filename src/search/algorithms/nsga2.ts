import { Random } from '../../tensor/index.js';
import { dominates, type Objectives } from './pareto.js';
import type { StrategyOptions } from './randomSearch.js';
import {
  freshness,
  freshPoint,
  gather,
  initialDesign,
  isMeasured,
  type MeasuredTrial,
  type Proposer,
  type SearchProblem,
} from './searchProblem.js';
import type { Point, SearchSpace } from '../space/space.js';

/** The customary distribution indices of crossover and mutation in a continuous space. */
const crossoverIndex = 15;
const mutationIndex = 20;
const crossoverShare = 0.9;
/** Children that were there before are made again this often before a random point takes their place. */
const attempts = 50;

/**
 * NSGA-II (Deb, Pratap, Agarwal and Meyarivan 2002): tournaments by rank and crowding; simulated binary
 * crossover and polynomial mutation of coordinates, uniform crossover and random resetting of choices. The
 * initial design is the first generation and `initial` the size of all. A child that was measured before is made anew.
 */
export function nsga2(problem: SearchProblem, { seed, initial }: StrategyOptions): Proposer {
  const design = initialDesign(problem, initial, Random.seeded(seed));
  const size = design.length;
  return (trials, count) => {
    if (trials.length < size) return design.slice(trials.length).slice(0, count);
    const taken = trials.map(({ point }) => point);
    return gather(taken, count, (all) => {
      const random = Random.seeded(seed, all.length);
      const finished = Math.floor(all.length / size) * size;
      const parents = survivors(trials.slice(0, finished).filter(isMeasured), size);
      return child(problem, parents, all, random) ?? freshPoint(problem, all, random);
    });
  };
}

/** What generation after generation leaves over. */
function survivors(trials: readonly MeasuredTrial[], size: number): Ranked[] {
  let population: Ranked[] = [];
  for (let start = 0; start < trials.length; start += size) {
    const generation = trials.slice(start, start + size);
    population = rank([...population, ...generation]).slice(0, size);
  }
  return population;
}

function child(
  problem: SearchProblem,
  parents: readonly Ranked[],
  taken: readonly Point[],
  random: Random,
): Point | undefined {
  if (parents.length === 0) return undefined;
  const fresh = freshness(problem, taken);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const [a, b] = [tournament(parents, random), tournament(parents, random)];
    const crossed = cross(problem.space, a, b, random);
    const point = mutate(problem.space, crossed, random);
    if (fresh(point)) return point;
  }
  return undefined;
}

function tournament(parents: readonly Ranked[], random: Random): Point {
  // Parents are sorted by rank, then crowding: the earlier one wins.
  return parents[Math.min(random.integer(parents.length), random.integer(parents.length))].point;
}

function cross(space: SearchSpace, a: Point, b: Point, random: Random): Point {
  if (random.uniform() > crossoverShare) return a;
  return a.map((value, i) => {
    if (random.uniform() < 0.5) return value;
    return space.kind === 'discrete' ? b[i] : blend(value, b[i], random);
  });
}

/** Simulated binary crossover: one of its two children. */
function blend(a: number, b: number, random: Random): number {
  const u = random.uniform();
  const power = 1 / (crossoverIndex + 1);
  const spread = u <= 0.5 ? (2 * u) ** power : (1 / (2 * (1 - u))) ** power;
  const side = random.uniform() < 0.5 ? 1 : -1;
  return clamp(0.5 * (a + b + side * spread * (a - b)));
}

function mutate(space: SearchSpace, point: Point, random: Random): Point {
  return point.map((value, i) => {
    if (random.uniform() >= 1 / point.length) return value;
    if (space.kind === 'discrete') return random.integer(space.choices[i].options.length);
    const u = random.uniform();
    const power = 1 / (mutationIndex + 1);
    return clamp(value + (u < 0.5 ? (2 * u) ** power - 1 : 1 - (2 * (1 - u)) ** power));
  });
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

interface Ranked extends MeasuredTrial {
  readonly rank: number;
  readonly crowding: number;
}

/** By rank, within a rank the least crowded first. */
export function rank(trials: readonly MeasuredTrial[]): Ranked[] {
  const ranked: Ranked[] = [];
  let left = [...trials];
  for (let level = 0; left.length > 0; level++) {
    const front = left.filter((a) => !left.some((b) => dominates(b.objectives, a.objectives)));
    const crowding = crowdingDistances(front.map(({ objectives }) => objectives));
    const row = front.map(({ point, objectives }, i) => ({
      point,
      objectives,
      rank: level,
      crowding: crowding[i],
    }));
    ranked.push(...row.sort((a, b) => b.crowding - a.crowding));
    const kept = new Set(front);
    left = left.filter((trial) => !kept.has(trial));
  }
  return ranked;
}

/** The circumference of the box between a point's neighbours on the front; infinite at its ends. */
function crowdingDistances(front: readonly Objectives[]): number[] {
  const distances = front.map(() => 0);
  for (const index of [0, 1] as const) {
    const order = [...front.keys()].sort((a, b) => front[a][index] - front[b][index]);
    const extent = front[order[order.length - 1]][index] - front[order[0]][index];
    distances[order[0]] = Infinity;
    distances[order[order.length - 1]] = Infinity;
    for (let i = 1; i + 1 < order.length; i++) {
      const gap = front[order[i + 1]][index] - front[order[i - 1]][index];
      distances[order[i]] += extent > 0 ? gap / extent : 0;
    }
  }
  return distances;
}
