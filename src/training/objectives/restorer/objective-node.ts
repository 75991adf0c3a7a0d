import { openFeatureMaps } from '../../../image/featureNetwork-node.js';
import { restorer, restorerConfig } from '../../../models/index.js';
import { initializeRestorer } from '../initialize.js';
import { describeRestorer } from '../../export/modelDescription.js';
import type { Objective } from '../objective.js';
import { listPhotos, photosFingerprint } from '../../data/photoFolder-node.js';
import type { BatchSource } from '../../data/batch-entry-node.js';
import { requireTeacher, type TeacherOptions } from '../../data/teacherAnswers-node.js';
import { prefetchPhotoBatches } from '../../data/prefetch-node.js';
import { preparePool } from '../../data/pool/preparePool-node.js';
import { describePool, planPool } from './pool-node.js';
import type { RestorerTraining } from './config.js';
import { validateRestorer } from './validation-node.js';
import { openDiscriminator } from './adversarial.js';
import { restorerLossGraph, type RestorerLosses } from './loss.js';
import { shardCount, shardSize } from '../../loop/trainingSettings.js';
import { listPairSets } from '../../validation/validationSets-node.js';

/**
 * Restoring photographs that a degradation has made worse.
 * @throws ConfigError when there are no photographs, or validation sets cannot be paired.
 */
export async function openRestorerObjective(config: RestorerTraining): Promise<Objective> {
  const { data, model, seed, perceptual, teacher, adversarial } = config;
  const photos = await listPhotos(data.photos);
  const crops = {
    photos,
    sampleSize: data.sample_size,
    scale: model.scale,
    degradation: data.degradation,
    seed,
    cacheBytes: data.cache_megabytes * 1e6,
    ...(data.crop_candidates !== undefined && { candidates: data.crop_candidates }),
    ...(teacher && { teacher: teacherOptions(teacher) }),
  };
  const asked = crops.teacher ? await requireTeacher(crops.teacher, crops) : null;
  const pool = data.pool ? await planPool(config, crops, data.pool, asked) : null;
  const sets = await listPairSets(config.validation);
  const size = { batch: shardSize(config), height: data.sample_size, width: data.sample_size };
  const losses = config.loss.map((loss) => ({ loss, weight: loss.weight, target: loss.target }));
  const network = restorer(restorerConfig(model), size);
  const terms: RestorerLosses = {
    losses,
    perceptual: perceptual
      ? {
          ...perceptual,
          features: await openFeatureMaps(perceptual.network, perceptual.outputs),
        }
      : null,
    mix: teacher?.mix ?? null,
  };
  const graph = restorerLossGraph(network, terms);
  return {
    graph,
    ...(adversarial && { discriminator: openDiscriminator(network, terms, adversarial, seed) }),
    initialize: (random) => initializeRestorer(graph, random),
    sources: {
      'data.photos': await photosFingerprint(photos),
      'teacher.model': asked ?? 'none',
      'data.pool': pool ? describePool(pool.options) : 'none',
    },
    async *prepare(first, onWarning) {
      if (pool) yield* preparePool(pool, first, config.workers, onWarning);
    },
    openSamples(onWarning) {
      const depth = shardCount(config) * 2;
      const source: BatchSource = pool
        ? { from: 'pool', pool: pool.options, seed }
        : { from: 'photos', crops };
      const batches = prefetchPhotoBatches(source, { count: shardSize(config), depth, onWarning });
      return {
        async take(first) {
          const { sample, target, teacher } = await batches.take(first);
          return { sample, target, ...(teacher && { teacher }) };
        },
        [Symbol.asyncDispose]: () => batches[Symbol.asyncDispose](),
      };
    },
    validate: (executor, weights, options) =>
      validateRestorer(
        executor,
        weights,
        { model, sets, pictures: config.validation?.pictures ?? 0 },
        options,
      ),
    modelFile: model,
    finishModelFile: () => Promise.resolve(model),
    get description() {
      return describeRestorer(model);
    },
    photos,
  };
}

function teacherOptions({
  model,
  noise_level,
}: NonNullable<RestorerTraining['teacher']>): TeacherOptions {
  return { path: model, noiseLevel: noise_level ?? null };
}
