import { basename } from 'node:path';
import { kindOf, ModelError } from '../../models/modelFiles-node.js';
import type { LearningCurve } from './learningCurves.js';
import { readMetricsLog } from './metricsLog-node.js';
import { runFolder } from './runFolder-node.js';
import { trainingFolder } from '../objectives/tinyVae/trainVae-node.js';
import { meanScore } from '../validation/validation.js';

/**
 * The held-out scores of a run, from its `metrics.jsonl`: by its folder, or that of what it has written.
 * @throws ModelError when there is no such log, or no validation in it.
 */
export async function readLearningCurve(
  path: string,
  name = basename(path),
): Promise<LearningCurve> {
  const places = [path, trainingFolder(path)].map((folder) => runFolder(folder).metrics);
  for (const log of places) {
    if ((await kindOf(log)) !== 'file') continue;
    const scores = new Map<number, number>();
    for (const entry of await readMetricsLog(log)) {
      // A run that was resumed may have validated a step twice.
      if ('validation' in entry) scores.set(entry.step, Math.abs(meanScore(entry)));
    }
    if (scores.size === 0) throw new ModelError(`${log}: expected validations, got none`);
    const points = [...scores].sort(([a], [b]) => a - b);
    return { name, points: points.map(([step, score]) => ({ step, score })) };
  }
  throw new ModelError(
    `${path}: expected a run with a metrics.jsonl, got none in it or in ${trainingFolder(path)}`,
  );
}
