import { hypervolume, type Objectives } from './pareto.js';

/** What a front is measured in: logarithms, from the worst corner to the best. */
export interface HypervolumeBox {
  /** Larger `taFD` or costs than these add nothing. */
  readonly worst: Objectives;
  /** Where both objectives count as perfect. */
  readonly best: Objectives;
}

/**
 * The share of the box, in logarithms of both objectives, that the points dominate: 0 for none, 1 for a network
 * with the best of both, and more where one is better still.
 */
export function hypervolumeShare(points: readonly Objectives[], box: HypervolumeBox): number {
  const log = ([quality, cost]: Objectives): Objectives => [Math.log(quality), Math.log(cost)];
  const [worst, best] = [log(box.worst), log(box.best)];
  const area = (worst[0] - best[0]) * (worst[1] - best[1]);
  return area > 0 ? hypervolume(points.map(log), worst) / area : 0;
}

/** The share after each of the points. */
export function hypervolumeCurve(points: readonly Objectives[], box: HypervolumeBox): number[] {
  return points.map((_, i) => hypervolumeShare(points.slice(0, i + 1), box));
}
