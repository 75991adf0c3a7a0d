import type { Random } from '../../tensor/index.js';

/** One choice of a discrete space. */
export interface Choice {
  readonly name: string;
  /** Named in an order in which neighbours are alike. */
  readonly options: readonly string[];
  /**
   * Where each option lies for the model of the objectives, in [0, 1] in each coordinate; absent: evenly
   * spaced on a line, in their order.
   */
  readonly coordinates?: readonly (readonly number[])[];
}

/** A grid of choices. Its points are the indices of the options chosen. */
export interface DiscreteSpace {
  readonly kind: 'discrete';
  readonly choices: readonly Choice[];
}

/** The cube [0, 1]^dimensions. */
export interface ContinuousSpace {
  readonly kind: 'continuous';
  readonly dimensions: number;
}

export type SearchSpace = DiscreteSpace | ContinuousSpace;

/** The indices of options in a discrete space; coordinates in [0, 1] in a continuous one. */
export type Point = readonly number[];

/** Numbers in a point of the space. */
export function dimensionsOf(space: SearchSpace): number {
  return space.kind === 'discrete' ? space.choices.length : space.dimensions;
}

/** The same for the same point only. */
export function pointKey(point: Point): string {
  return point.join(' ');
}

/** A point as the model of the objectives sees it, in [0, 1] in each coordinate. */
export function coordinatesOf(space: SearchSpace, point: Point): readonly number[] {
  if (space.kind === 'continuous') return point;
  const all: number[] = [];
  for (const [i, { options, coordinates }] of space.choices.entries()) {
    if (coordinates) all.push(...coordinates[point[i]]);
    else all.push((point[i] + 0.5) / options.length);
  }
  return all;
}

/** The point that a point of [0, 1]^n falls to: the bin of each choice. The inverse of relaxing the choices. */
export function pointAt(space: SearchSpace, relaxed: readonly number[]): Point {
  if (space.kind === 'continuous') return relaxed;
  return space.choices.map(({ options }, i) =>
    Math.min(options.length - 1, Math.floor(relaxed[i] * options.length)),
  );
}

/** A point drawn uniformly. */
export function randomPoint(space: SearchSpace, random: Random): Point {
  const relaxed = Array.from({ length: dimensionsOf(space) }, () => random.uniform());
  return pointAt(space, relaxed);
}

/** Every point of a discrete space, in the order of a counter whose last digit is the last choice. */
export function* allPoints({ choices }: DiscreteSpace): Generator<Point> {
  const digits = choices.map(() => 0);
  for (;;) {
    yield [...digits];
    let place = digits.length - 1;
    while (place >= 0 && ++digits[place] === choices[place].options.length) digits[place--] = 0;
    if (place < 0) return;
  }
}

/** Points spread so that each `1/count` of each coordinate holds one (a Latin hypercube). */
export function latinHypercube(space: SearchSpace, count: number, random: Random): Point[] {
  const columns = Array.from({ length: dimensionsOf(space) }, () => random.permutation(count));
  return Array.from({ length: count }, (_, i) =>
    pointAt(
      space,
      columns.map((order) => (order[i] + random.uniform()) / count),
    ),
  );
}
