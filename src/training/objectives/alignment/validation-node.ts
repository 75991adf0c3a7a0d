import type { Executor, Feeds } from '../../../graph/index.js';
import type { StagedUnetConfig, Unet2DConditionSize } from '../../../models/index.js';
import { toFloat64, type Weights } from '../../../tensor/index.js';
import { alignmentGraph } from './loss.js';
import { openAlignmentSamples, type AlignmentSampleOptions } from './samples-node.js';
import type { ValidationOptions } from '../objective.js';
import type { SessionPool } from '../../loop/sessionPool-node.js';
import type { ValidationReport, ValidationScore } from '../../validation/validation.js';

/** Held-out windows of a set, and what the teacher predicts of them: always the same. */
export interface HeldOutSet {
  /** Of the teacher; batches that are fed one after the other. */
  feeds(): Promise<readonly Feeds[]>;
}

/**
 * Held-out windows with timesteps evenly over all; computed when they are first asked for, and kept.
 * @param windows at least so many: whole batches.
 */
export function heldOutSet(
  options: AlignmentSampleOptions,
  windows: number,
  openTeacher: () => SessionPool,
): HeldOutSet {
  const batches = Math.ceil(windows / options.count);
  const total = batches * options.count;
  const { length: steps } = options.schedule.alphasCumprod;
  const timestepOf = (number: number): number => Math.floor(((number + 0.5) / total) * steps);
  let made: Promise<readonly Feeds[]> | null = null;
  const make = async (): Promise<readonly Feeds[]> => {
    const teacher = openTeacher();
    await using samples = openAlignmentSamples(
      { ...options, timestepOf },
      teacher,
      () => undefined,
    );
    const feeds: Feeds[] = [];
    for (let i = 0; i < batches; i++) feeds.push(await samples.take(i * options.count));
    return feeds;
  };
  return { feeds: () => (made ??= make()) };
}

/** The mean squared difference between the predictions, student's and teacher's, on every set. Null when aborted. */
export async function validateAlignment(
  executor: Executor,
  weights: Weights,
  plan: {
    readonly student: StagedUnetConfig;
    readonly size: Unet2DConditionSize;
    readonly sets: ReadonlyMap<string, HeldOutSet>;
  },
  { step, signal }: ValidationOptions,
): Promise<ValidationReport | null> {
  const begun = performance.now();
  const graph = alignmentGraph(plan.student, plan.size, [], 0);
  await using session = await executor.load(graph, weights);
  const validation: Record<string, ValidationScore> = {};
  for (const [set, held] of plan.sets) {
    const batches = await held.feeds();
    let total = 0;
    for (const feeds of batches) {
      if (signal?.aborted) return null;
      total += toFloat64((await session.run(feeds)).loss)[0];
    }
    const loss = total / batches.length;
    validation[set] = { loss, images: batches.length * plan.size.batch };
  }
  return { step, validation, ms: performance.now() - begun };
}
