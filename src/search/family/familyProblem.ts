import type { StagedUnetConfig, Unet2DConditionSize } from '../../models/index.js';
import {
  formatStages,
  parseStages,
  spaceCost,
  teacherStages,
  type Stages,
} from '../../surgery/index.js';
import type { CostObjective, NetworkCost } from '../report/familyReport.js';
import type { HypervolumeBox } from '../algorithms/hypervolumeShare.js';
import { predictLatency, type LatencyTable } from '../latency/latencyTable.js';
import type { Objectives } from '../algorithms/pareto.js';
import type { StrategyName } from '../algorithms/search.js';
import type { SearchProblem } from '../algorithms/searchProblem.js';
import type { Point } from '../space/space.js';
import { pointOfStages, stagesAt, stageSpace } from '../space/stageSpace.js';

/** How students are searched for. */
export interface FamilySearchSettings {
  /** One search for each; both unless given. */
  readonly objectives?: readonly CostObjective[];
  /** `bayesian` unless given. */
  readonly strategy?: StrategyName;
  /** Of each search; 60 unless given. */
  readonly evaluations?: number;
  /** Of these, spread over the space before anything is learnt; 12 unless given. */
  readonly initial?: number;
  /** 0 unless given. */
  readonly seed?: number;
  /** Students with more are not assembled. */
  readonly maxParameters?: number;
}

export const defaultInitial = 12;

/** What every network of the space costs, without building it. */
export type CostOf = (stages: Stages) => NetworkCost;

/** By the teacher's config for parameters and multiplications, and a table for the latency. */
export function networkCosts(
  teacher: StagedUnetConfig,
  size: Unet2DConditionSize,
  table: LatencyTable,
): CostOf {
  const cost = spaceCost(teacher, size);
  return (stages) => ({
    stages: formatStages(stages),
    ...cost(stages),
    latencyMs: predictLatency(table, stages),
  });
}

export const smallestStages = parseStages('R R R R R R');

/** The number of a cost that a search trades quality for. */
export function costNumber(cost: NetworkCost, objective: CostObjective): number {
  return objective === 'latency' ? cost.latencyMs : cost.parameters;
}

/**
 * The search for the best trade-offs of `taFD` and a cost, both in logarithms. It begins with the smallest network and
 * the one of the teacher's own stages.
 */
export function familyProblem(
  costOf: CostOf,
  objective: CostObjective,
  maxParameters = Infinity,
): SearchProblem {
  const known = (point: Point): number => costNumber(costOf(stagesAt(point)), objective);
  return {
    space: stageSpace,
    objectives: [
      { name: 'taFD', scale: 'log' },
      { name: objective === 'latency' ? 'latency ms' : 'parameters', scale: 'log', known },
    ],
    anchors: [smallestStages, teacherStages].map(pointOfStages),
    ...(maxParameters < Infinity && {
      allowed: (point: Point) => costOf(stagesAt(point)).parameters <= maxParameters,
    }),
  };
}

/**
 * What hypervolume is a share of: quality from the better of the first two measurements, which are the ends of the
 * space, to the worse and a tenth more; costs from the smallest network to the largest.
 */
export function familyBox(
  costOf: CostOf,
  objective: CostObjective,
  measured: readonly Objectives[],
): HypervolumeBox {
  const cost = (stages: Stages): number => costNumber(costOf(stages), objective);
  const ends = measured.slice(0, 2).map(([quality]) => quality);
  return {
    worst: [1.1 * Math.max(...ends), 1.01 * cost(teacherStages)],
    best: [Math.min(...ends), cost(smallestStages)],
  };
}
