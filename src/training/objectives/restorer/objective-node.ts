import { restorer, restorerConfig } from '../../../models/index.js';
import { initializeRestorer } from '../initialize.js';
import { describeRestorer } from '../../export/modelDescription.js';
import type { Objective } from '../objective.js';
import { listPhotos, photosFingerprint } from '../../data/photoFolder-node.js';
import type { BatchSource } from '../../data/batch-entry-node.js';
import { prefetchPhotoBatches } from '../../data/prefetch-node.js';
import { preparePool } from '../../data/pool/preparePool-node.js';
import { describePool, planPool } from './pool-node.js';
import type { RestorerTraining } from './config.js';
import { validateRestorer } from './validation-node.js';
import { openFeatureMaps } from '../../losses/featureNetwork-node.js';
import { restorerLossGraph } from './loss.js';
import { shardCount, shardSize } from '../../loop/trainingSettings.js';
import { listPairSets } from '../../validation/validationSets-node.js';

/**
 * Restoring photographs that a degradation has made worse.
 * @throws ConfigError when there are no photographs, or validation sets cannot be paired.
 */
export async function openRestorerObjective(config: RestorerTraining): Promise<Objective> {
  const { data, model, seed } = config;
  const photos = await listPhotos(data.photos);
  const crops = {
    photos,
    sampleSize: data.sample_size,
    scale: model.scale,
    degradation: data.degradation,
    seed,
    cacheBytes: data.cache_megabytes * 1e6,
    ...(data.crop_candidates !== undefined && { candidates: data.crop_candidates }),
  };
  const pool = data.pool ? await planPool(config, crops, data.pool) : null;
  const sets = await listPairSets(config.validation);
  const size = { batch: shardSize(config), height: data.sample_size, width: data.sample_size };
  const losses = config.loss.map((loss) => ({ loss, weight: loss.weight }));
  const { perceptual = null } = config;
  const graph = restorerLossGraph(restorer(restorerConfig(model), size), {
    losses,
    perceptual: perceptual && {
      ...perceptual,
      features: await openFeatureMaps(perceptual.network),
    },
  });
  return {
    graph,
    initialize: (random) => initializeRestorer(graph, random),
    sources: {
      'data.photos': await photosFingerprint(photos),
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
          const { sample, target } = await batches.take(first);
          return { sample, target };
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
