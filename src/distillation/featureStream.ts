import type { Feeds, Session } from '../graph/index.js';
import type { FeatureSet, FeatureSource, TeacherInputs } from './featureSource.js';
import { promptFeature } from './teacherFeatures.js';

/**
 * Features that the teacher computes when they are asked for. The newest passes stay, so that all surrogates
 * that train side by side are fed by one; with several sessions as many batches are computed ahead.
 * @param sessions run `teacherFeatureGraph`. The stream disposes of neither them nor the inputs.
 */
export function createFeatureStream(
  sessions: readonly Session[],
  inputs: TeacherInputs,
): FeatureSource {
  const passes = new Map<string, Promise<Feeds>>();
  const pass = async (set: FeatureSet, batch: number): Promise<Feeds> => {
    const fed = await inputs.take(set, batch);
    const features = await sessions[batch % sessions.length].run(fed);
    return { ...features, [promptFeature]: fed[promptFeature] };
  };
  const begun = (set: FeatureSet, batch: number): Promise<Feeds> => {
    const key = `${set} ${batch}`;
    const known = passes.get(key);
    if (known) return known;
    const made = pass(set, batch);
    // What is computed ahead may fail before anybody waits for it; whoever asks gets the error.
    made.catch(() => undefined);
    passes.set(key, made);
    const [oldest] = passes.keys();
    if (passes.size > sessions.length) passes.delete(oldest);
    return made;
  };
  const take = async (set: FeatureSet, batch: number, names: readonly string[]): Promise<Feeds> => {
    const asked = begun(set, batch);
    for (let ahead = 1; ahead < sessions.length; ahead++) void begun(set, batch + ahead);
    const features = await asked;
    return Object.fromEntries(names.map((name) => [name, features[name]]));
  };
  return {
    training: (step, names) => take('training', step, names),
    heldOut: (batch, names) => take('held_out', batch, names),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
