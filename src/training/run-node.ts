import { rm } from 'node:fs/promises';
import { ConfigError } from '../models/index.js';
import { listCheckpoints, loadNewestCheckpoint } from './checkpoint-node.js';
import type { TrainingConfig } from './config.js';
import { createOptimizer } from './optimizers.js';
import { listPhotos, photosFingerprint } from './photoFolder-node.js';
import { runIdentity } from './runIdentity.js';
import { makeFolder, removePartials, runFolder } from './runFolder-node.js';
import { runSteps, type TrainingEvent } from './runSteps-node.js';
import { startTraining, type TrainingState } from './state.js';
import { initialWeights, optimizerConfig, shardNetwork } from './trainingNetwork-node.js';
import { listValidationSets } from './validationSets-node.js';

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
 * not asked for; when its newest checkpoint is damaged or of a run with another config.
 */
export async function openTraining(
  config: TrainingConfig,
  { resume, signal }: TrainingOptions,
): Promise<TrainingRun> {
  const network = shardNetwork(config);
  const optimizer = createOptimizer(optimizerConfig(config));
  const photos = await listPhotos(config.data.photos);
  const validationSets = await listValidationSets(config);
  const identity = runIdentity(config, await photosFingerprint(photos));

  const folder = runFolder(config.output_dir);
  await makeFolder(folder.checkpoints);
  if (!resume && (await listCheckpoints(folder.checkpoints)).length > 0) {
    throw new ConfigError(
      `${folder.path}: expected an output folder without a run, got one (--resume continues it)`,
    );
  }
  await removePartials(folder);
  const saved = await loadNewestCheckpoint(folder.checkpoints, network, optimizer, identity);
  if (!saved) await rm(folder.best, { recursive: true, force: true });
  const state = saved ?? startTraining(network, await initialWeights(config, network), optimizer);
  const events = runSteps(config, signal, {
    network,
    optimizer,
    state,
    identity,
    photos,
    validationSets,
    folder,
  });
  return { state, events };
}
