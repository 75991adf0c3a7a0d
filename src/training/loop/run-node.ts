import { rm } from 'node:fs/promises';
import { ConfigError } from '../../models/index.js';
import { listCheckpoints, loadNewestCheckpoint } from './checkpoint-node.js';
import type { TrainingConfig } from '../objectives/config.js';
import { createOptimizer } from '../optimizers/optimizers.js';
import { initialWeights } from './initialWeights-node.js';
import type { Objective } from '../objectives/objective.js';
import { openObjective } from '../objectives/objectives-node.js';
import { runIdentity } from './runIdentity.js';
import { makeFolder } from '../../weights/makeFolder-node.js';
import { lockFolder } from './folderLock-node.js';
import { removePartials, runFolder, type RunFolder } from './runFolder-node.js';
import { runSteps, type PreparedRun, type TrainingEvent } from './runSteps-node.js';
import { startTraining, type TrainingState } from './state.js';
import { optimizerConfig } from './trainingPlan.js';

export type { TrainingEvent } from './runSteps-node.js';

export interface TrainingRun {
  /** Changes while the events are read. */
  readonly state: TrainingState;
  readonly events: AsyncGenerator<TrainingEvent>;
}

export interface TrainingOptions {
  /** Continue from the newest checkpoint of the output folder. */
  readonly resume: boolean;
  /** Ends the run after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a training config: computes in worker threads, appends every step to `metrics.jsonl`, saves
 * checkpoints, validates. A run that was killed and resumed gives bit for bit the weights of one that was not.
 * @throws ConfigError or WeightsError when the data or the output folder cannot be used; when the folder holds a run and `resume` was
 * not asked for, or another process runs there; when its newest checkpoint is damaged or of a run with another config.
 */
export async function openTraining(
  config: TrainingConfig,
  { resume, signal }: TrainingOptions,
): Promise<TrainingRun> {
  const objective = await openObjective(config);
  const folder = runFolder(config.output_dir);
  await makeFolder(folder.checkpoints);
  const lock = await lockFolder(folder.path);
  try {
    const run = await openRun(config, objective, resume, folder);
    return { state: run.state, events: runSteps(config, signal, { ...run, lock }) };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a run goes on from. */
async function openRun(
  config: TrainingConfig,
  objective: Objective,
  resume: boolean,
  folder: RunFolder,
): Promise<Omit<PreparedRun, 'lock'>> {
  const { graph } = objective;
  const optimizer = createOptimizer(optimizerConfig(config));
  const identity = runIdentity(config, objective.sources);
  if (!resume && (await listCheckpoints(folder.checkpoints)).length > 0) {
    throw new ConfigError(
      `${folder.path}: expected an output folder without a run, got one (--resume continues it)`,
    );
  }
  await removePartials(folder);
  const saved = await loadNewestCheckpoint(folder.checkpoints, graph, optimizer, identity);
  if (!saved) await rm(folder.best, { recursive: true, force: true });
  const state = saved ?? startTraining(graph, await initialWeights(config, objective), optimizer);
  return { objective, optimizer, state, identity, folder };
}
