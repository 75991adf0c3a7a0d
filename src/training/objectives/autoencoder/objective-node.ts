import { autoencoderKLConfig } from '../../../models/index.js';
import { autoencoderLossGraph, latentNoiseShape } from './loss.js';
import type { AutoencoderTraining } from './config.js';
import { validateAutoencoder } from './validation-node.js';
import { initializeAutoencoder } from './initialize.js';
import { measureScalingFactor } from '../../latents/latentScale-node.js';
import { describeAutoencoder } from '../../export/modelDescription.js';
import type { Objective, SampleStream } from '../objective.js';
import type { PhotoFile } from '../../data/photoFile.js';
import { listPhotos, photosFingerprint } from '../../data/photoFolder-node.js';
import { prefetchPhotoBatches } from '../../data/prefetch-node.js';
import { noiseFrom } from '../../data/sampleNoise.js';
import { shardCount, shardSize } from '../../loop/trainingSettings.js';
import { listPhotoSets } from '../../validation/validationSets-node.js';

/**
 * Giving photographs back through a small latent.
 * @throws ConfigError when there are no photographs, or a validation set has none.
 */
export async function openAutoencoderObjective(config: AutoencoderTraining): Promise<Objective> {
  const { data, model } = config;
  const network = autoencoderKLConfig(model);
  const photos = await listPhotos(data.photos);
  const sets = await listPhotoSets(config.validation);
  const graph = autoencoderLossGraph(network, {
    batch: shardSize(config),
    side: data.sample_size,
    losses: config.loss.map((loss) => ({ loss, weight: loss.weight })),
    klWeight: config.kl_weight,
  });
  return {
    graph,
    initialize: (random) => initializeAutoencoder(graph, network, random),
    sources: { 'data.photos': await photosFingerprint(photos) },
    openSamples: (onWarning) => openSamples(config, photos, onWarning),
    validate: (executor, weights, options) => {
      const plan = {
        network: { className: 'AutoencoderKL' as const, config: network },
        sets,
        pictures: config.validation?.pictures ?? 0,
      };
      return validateAutoencoder(executor, weights, plan, options);
    },
    modelFile: model,
    async finishModelFile(executor, weights) {
      const crops = { photos, side: data.sample_size };
      const scaling_factor = await measureScalingFactor(executor, weights, network, crops);
      return { ...model, scaling_factor };
    },
    get description() {
      return describeAutoencoder(model);
    },
    photos,
  };
}

/** Crops, and the noise that latents are drawn with. */
function openSamples(
  config: AutoencoderTraining,
  photos: readonly PhotoFile[],
  onWarning: (warning: string) => void,
): SampleStream {
  const { data, seed } = config;
  const count = shardSize(config);
  const options = {
    photos,
    sampleSize: data.sample_size,
    scale: 1,
    degradation: null,
    seed,
    cacheBytes: data.cache_megabytes * 1e6,
  };
  const batches = prefetchPhotoBatches(
    { from: 'photos', crops: options },
    {
      count,
      depth: shardCount(config) * 2,
      onWarning,
    },
  );
  const shape = latentNoiseShape(autoencoderKLConfig(config.model), {
    batch: count,
    side: data.sample_size,
  });
  return {
    async take(first) {
      const { sample } = await batches.take(first);
      return { sample, noise: noiseFrom(seed, first, shape) };
    },
    [Symbol.asyncDispose]: () => batches[Symbol.asyncDispose](),
  };
}
