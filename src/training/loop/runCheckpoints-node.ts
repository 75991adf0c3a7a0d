import type { TrainingConfig } from '../objectives/config.js';
import {
  dropCheckpoints,
  listCheckpoints,
  pruneCheckpoints,
  saveCheckpoint,
  stepOf,
} from './checkpoint-node.js';
import type { DivergenceWatch } from './divergence.js';
import type { FolderLock } from './folderLock-node.js';
import type { MetricsLog } from './metricsLog-node.js';
import type { RunFolder } from './runFolder-node.js';
import type { RunIdentity } from './runIdentity.js';
import type { TrainingState } from './state.js';

/** What a run saves of itself as it goes. */
export interface RunCheckpoints {
  /** Whether it is time, and the weights are not in doubt. */
  readonly isDue: boolean;
  readonly isUnsaved: boolean;
  /** Gives the path. */
  save(): Promise<string>;
  /** Hears that a loss was good, which says that the weights before that step are: older checkpoints may go. */
  settle(): Promise<void>;
  /** The step of the newest one, 0 for none. */
  newest(): Promise<number>;
  /** Removes those of weights that a loss has shown to be spoilt, where better ones are there. */
  dropSpoilt(): Promise<void>;
}

export interface CheckpointedRun {
  readonly state: TrainingState;
  readonly identity: RunIdentity;
  readonly folder: RunFolder;
  readonly lock: FolderLock;
}

/**
 * Saves checkpoints of a run. What weights are worth, only the loss of the next step shows; until then one checkpoint more
 * than asked for stays.
 */
export function createRunCheckpoints(
  config: TrainingConfig,
  { state, identity, folder: { checkpoints: folder }, lock }: CheckpointedRun,
  log: MetricsLog,
  watch: DivergenceWatch,
): RunCheckpoints {
  const keep = config.checkpoints_total_limit;
  let savedStep = state.step;
  let savedAt = performance.now();
  let isSettled = true;
  return {
    get isDue() {
      const isLate = performance.now() - savedAt > config.checkpointing_minutes * 60_000;
      return isLate && !watch.isDoubtful;
    },
    get isUnsaved() {
      return savedStep !== state.step;
    },
    async save() {
      await lock.check();
      await log.sync();
      const path = await saveCheckpoint(folder, state, { keep: keep + 1, identity });
      savedStep = state.step;
      savedAt = performance.now();
      isSettled = false;
      return path;
    },
    async settle() {
      if (isSettled || watch.isDoubtful) return;
      isSettled = true;
      await pruneCheckpoints(folder, keep);
    },
    async newest() {
      const path = (await listCheckpoints(folder)).at(-1);
      return path === undefined ? 0 : stepOf(path);
    },
    async dropSpoilt() {
      const { lastGood } = watch;
      if (lastGood === null) return;
      const steps = (await listCheckpoints(folder)).map(stepOf);
      if (steps.some((step) => step < lastGood)) await dropCheckpoints(folder, lastGood);
    },
  };
}
