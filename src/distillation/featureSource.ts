import type { Feeds } from '../graph/index.js';

/** The teacher's features, batch by batch: each is a function of its number, whoever asks and however often. */
export interface FeatureSource extends AsyncDisposable {
  /** What a training step (0-based) sees: the named features, float32 `[batch, ...]`. */
  training(step: number, names: readonly string[]): Promise<Feeds>;
  /** The same of a batch of what is not trained on. */
  heldOut(batch: number, names: readonly string[]): Promise<Feeds>;
}

/** What the teacher sees: the inputs of its graph for the batch of `set` that has this number. */
export interface TeacherInputs extends AsyncDisposable {
  take(set: FeatureSet, batch: number): Promise<Feeds>;
}

export type FeatureSet = 'training' | 'held_out';
