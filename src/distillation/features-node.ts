import { join } from 'node:path';
import type { Graph, Session } from '../graph/index.js';
import { stagesOfUnet2D } from '../models/index.js';
import { createWorkerExecutor, type WorkerExecutor } from '../runtime/worker-node.js';
import { stageNames } from '../surgery/index.js';
import type { DistillPlan } from './distillPlan.js';
import type { DistillSettings } from './distillSettings.js';
import {
  hasFeatureCache,
  makeFeatureCache,
  openFeatureCache,
  planFeatureCache,
  type CachePlan,
  type FeatureCachePlace,
} from './featureCache-node.js';
import type { FeatureSource } from './featureSource.js';
import { createFeatureStream } from './featureStream.js';
import { identityHash } from './surrogateFolder-node.js';
import { openTeacherInputs, type PreparationListener, type Teacher } from './teacher-node.js';
import { featureNames, teacherFeatureGraph } from './teacherFeatures.js';

/** Hears of what is done before training begins. */
export interface FeatureListener extends PreparationListener {
  /** Batches of features that are in the cache, of all that it will hold. */
  readonly onFeatures?: (done: number, total: number) => void;
}

/**
 * The teacher with the features of all stages, whichever are trained, because another graph may be computed in
 * another order, and a surrogate is not to depend on which others are trained with it.
 */
function allFeatures({ unet, size }: Teacher): Graph {
  return teacherFeatureGraph(unet, size, featureNames(stagesOfUnet2D(unet), stageNames));
}

/** What is cached does not depend on how surrogates learn from it. */
const unrelated = new Set([
  'loss',
  'init',
  'learning_rate',
  'lr_warmup_steps',
  'max_grad_norm',
  'ema_decay',
]);

function cachePlace({ folder, identity }: DistillPlan): FeatureCachePlace {
  const entries = Object.entries(identity).filter(([key]) => !unrelated.has(key));
  return { folder: join(folder, '.features'), hash: identityHash(Object.fromEntries(entries)) };
}

/**
 * How many batches of features are kept on disk; null where none are.
 * @throws ConfigError for a cache too small to learn from.
 */
export function planFeatures(settings: DistillSettings, teacher: Teacher): CachePlan | null {
  if (settings.cache_megabytes === 0) return null;
  return planFeatureCache(allFeatures(teacher), {
    steps: settings.steps,
    heldOut: settings.held_out_batches,
    bytes: settings.cache_megabytes * 1e6,
  });
}

/**
 * Makes the features that a plan keeps on disk, unless they are there; nothing for a plan that keeps none.
 * @param threads in which as many batches are computed at a time.
 * @throws WeightsError when the system refuses, such as for a
 * full disk, nothing is left behind then; the signal's reason when aborted.
 */
export async function prepareFeatures(
  plan: DistillPlan,
  teacher: Teacher,
  threads: number,
  listener: FeatureListener,
): Promise<void> {
  const cached = planFeatures(plan.settings, teacher);
  if (!cached) return;
  const graph = allFeatures(teacher);
  const place = cachePlace(plan);
  if (await hasFeatureCache(place)) return;
  await using inputs = await openTeacherInputs(plan, teacher, listener);
  const executors = Array.from({ length: threads }, () => createWorkerExecutor({ threads: 1 }));
  try {
    const load = (executor: WorkerExecutor): Promise<Session> =>
      executor.loadMapped(graph, teacher.weights);
    const sessions = await Promise.all(executors.map(load));
    await makeFeatureCache(place, cached, {
      graph,
      source: createFeatureStream(sessions, inputs),
      onBatch(done, total) {
        listener.signal?.throwIfAborted();
        listener.onFeatures?.(done, total);
      },
    });
  } finally {
    await Promise.all(executors.map((executor) => executor[Symbol.asyncDispose]()));
  }
}

/**
 * The features of a plan: from disk, or as the teacher computes them in `executor`.
 * @throws WeightsError for a cache that is absent or damaged; what `openTeacherInputs` throws.
 */
export async function openFeatures(
  plan: DistillPlan,
  teacher: Teacher,
  executor: WorkerExecutor,
  listener: FeatureListener,
): Promise<FeatureSource> {
  const cached = planFeatures(plan.settings, teacher);
  if (cached) return openFeatureCache(cachePlace(plan), cached, plan.settings.seed);
  const inputs = await openTeacherInputs(plan, teacher, listener);
  const session = await executor.loadMapped(allFeatures(teacher), teacher.weights);
  return {
    ...createFeatureStream([session], inputs),
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await inputs[Symbol.asyncDispose]();
    },
  };
}
