// The path of a hand-held camera during an exposure, after Boracchi and Foi, "Modeling the performance of image
// restoration from motion blur" (IEEE TIP 2012): a particle with inertia, trembling, pulled back to where it began, now
// and then jerked, and at times at rest.

import type { Random } from '../../../tensor/index.js';
import type { BlurKernel } from './kernels.js';

export interface Shake {
  /** The longer side of the box around the path, in pixels. */
  readonly extent: number;
  /** How much the direction trembles, 0 (a straight line) to 1. */
  readonly tremor: number;
  /** Probability that the camera rests once in a while, which makes bright ends and knots. */
  readonly pauses: number;
}

/** Equal times of the exposure. */
const MOMENTS = 600;

type Point = readonly [x: number, y: number];

/** Where the picture was at each moment, about the centre of mass, [x, y] in pixels. */
export function drawPath({ extent, tremor, pauses }: Shake, random: Random): Point[] {
  const path = wander(tremor, pauses, random);
  const [xs, ys] = [path.map(([x]) => x), path.map(([, y]) => y)];
  const span = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  const scale = extent / span;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  return path.map(([x, y]) => [scale * (x - meanX), scale * (y - meanY)]);
}

function wander(tremor: number, pauses: number, random: Random): Point[] {
  const pull = 0.7 * random.uniform();
  const jerk = 0.2 * random.uniform() * tremor;
  const trembling = 10 * random.uniform() * tremor;
  const direction = random.uniform(0, 2 * Math.PI);
  let [x, y, vx, vy] = [0, 0, Math.cos(direction), Math.sin(direction)];
  let resting = 0;
  const path: Point[] = [];
  for (let moment = 0; moment < MOMENTS; moment++) {
    path.push([x, y]);
    if (resting === 0 && random.uniform() < pauses / 100) resting = 10 + random.integer(60);
    if (resting > 0) {
      resting--;
      [x, y] = [x + 0.03 * vx, y + 0.03 * vy];
      continue;
    }
    const turn = random.uniform() < jerk / 10 ? Math.PI + random.uniform(-0.5, 0.5) : null;
    const [jx, jy] = turn === null ? [0, 0] : [2 * Math.cos(turn), 2 * Math.sin(turn)];
    const force = tremor / MOMENTS;
    vx += jx * vx - jy * vy + force * (trembling * random.normal() * 4 - pull * x);
    vy += jx * vy + jy * vx + force * (trembling * random.normal() * 4 - pull * y);
    const speed = Math.hypot(vx, vy) || 1;
    [vx, vy] = [vx / speed, vy / speed];
    [x, y] = [x + vx, y + vy];
  }
  return path;
}

/** A path as a kernel: each moment's light, shared among the four pixels about its point, so that means stay exact. */
export function pathKernel(path: readonly Point[]): BlurKernel {
  const reach = Math.max(...path.map(([x, y]) => Math.max(Math.abs(x), Math.abs(y))));
  const radius = Math.floor(reach) + 1;
  const size = 2 * radius + 1;
  const weights = new Float64Array(size * size);
  for (const [x, y] of path) {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, below] = [x - left, y - top];
    const at = (top + radius) * size + left + radius;
    weights[at] += (1 - right) * (1 - below);
    if (right > 0) weights[at + 1] += right * (1 - below);
    if (below > 0) weights[at + size] += (1 - right) * below;
    if (right > 0 && below > 0) weights[at + size + 1] += right * below;
  }
  return { size, weights: weights.map((weight) => weight / path.length) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
