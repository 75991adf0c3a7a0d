import type { Graph } from '../../../graph/index.js';
import { restorer, restorerConfig } from '../../../models/index.js';
import type { Random, Weights } from '../../../tensor/index.js';
import type { PhotoFile } from '../../data/photoFile.js';
import { initializeRestorer } from '../initialize.js';
import { describeRestorer } from '../../export/modelDescription.js';
import type { Objective } from '../objective.js';
import { listPhotos, photosFingerprint } from '../../data/photoFolder-node.js';
import { prefetchPhotoBatches } from '../../data/prefetch-node.js';
import type { RestorerRun } from './config.js';
import { validateRestorer } from './validation-node.js';
import { openFeatureMaps } from '../../losses/featureNetwork-node.js';
import { restorerLossGraph } from './loss.js';
import { shardCount, shardSize } from '../../loop/trainingSettings.js';
import { listPairSets } from '../../validation/validationSets-node.js';

/** Where the first weights of a restorer are from. */
export interface RestorerBeginning {
  /** Weights for every param of the network. */
  weights(graph: Graph, random: Random, photos: readonly PhotoFile[]): Weights | Promise<Weights>;
  /** Fingerprints of what they are from, by config key. */
  readonly sources: Readonly<Record<string, string>>;
}

const atRandom: RestorerBeginning = { weights: initializeRestorer, sources: {} };

/**
 * Restoring photographs that a degradation has made worse.
 * @throws ConfigError when there are no photographs, or validation sets cannot be paired.
 */
export async function openRestorerObjective(
  config: RestorerRun,
  beginning: RestorerBeginning = atRandom,
): Promise<Objective> {
  const { data, model, seed } = config;
  const photos = await listPhotos(data.photos);
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
    initialize: (random) => beginning.weights(graph, random, photos),
    sources: { 'data.photos': await photosFingerprint(photos), ...beginning.sources },
    openSamples(onWarning) {
      const options = {
        photos,
        sampleSize: data.sample_size,
        scale: model.scale,
        degradation: data.degradation,
        seed,
        cacheBytes: data.cache_megabytes * 1e6,
        ...(data.crop_candidates !== undefined && { candidates: data.crop_candidates }),
      };
      const depth = shardCount(config) * 2;
      const batches = prefetchPhotoBatches(options, { count: shardSize(config), depth, onWarning });
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
