import { graphCost } from '../graph/index.js';
import {
  unetStageGraph,
  type StagedUnetConfig,
  type Unet2DConditionSize,
} from '../models/index.js';
import { stagePlace, surrogateUnet, type Surrogate } from './surrogate.js';

/** Those that take longest first, so that processes end at about the same time. */
export function longestFirst(
  teacher: StagedUnetConfig,
  size: Unet2DConditionSize,
  surrogates: readonly Surrogate[],
): readonly Surrogate[] {
  const costs = new Map(
    surrogates.map((surrogate) => {
      const unet = surrogateUnet(teacher, surrogate);
      const graph = unetStageGraph(unet, stagePlace(surrogate.stage), { ...size, batch: 1 });
      return [surrogate, graphCost(graph).macs];
    }),
  );
  const costOf = (surrogate: Surrogate): number => costs.get(surrogate) ?? 0;
  return [...surrogates].sort((a, b) => costOf(b) - costOf(a));
}

/**
 * The groups that processes train one after the other: each surrogate alone where features are kept on disk; else
 * one group for each of `jobs` processes, since each group takes passes of the teacher of its own.
 */
export function trainingGroups(
  ordered: readonly Surrogate[],
  jobs: number,
  cached: boolean,
): readonly (readonly Surrogate[])[] {
  if (cached) return ordered.map((surrogate) => [surrogate]);
  const groups: Surrogate[][] = Array.from({ length: Math.min(jobs, ordered.length) }, () => []);
  // To and fro, so that none gets the longest of every round.
  ordered.forEach((surrogate, i) => {
    const [round, place] = [Math.floor(i / groups.length), i % groups.length];
    groups[round % 2 === 0 ? place : groups.length - 1 - place].push(surrogate);
  });
  return groups;
}
