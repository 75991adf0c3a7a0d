import { createHash } from 'node:crypto';
import { resolvePresets, type Degradation } from '../../../image/index.js';
import { openFeatureMaps } from '../../../image/featureNetwork-node.js';
import type { Graph } from '../../../graph/index.js';
import { restorer, restorerConfig } from '../../../models/index.js';
import type { Random, Weights } from '../../../tensor/index.js';
import type { PhotoFile } from '../../data/photoFile.js';
import { initializeRestorer } from '../initialize.js';
import { describeRestorer } from '../../export/modelDescription.js';
import type { Objective } from '../objective.js';
import { listPhotos, photosFingerprint } from '../../data/photoFolder-node.js';
import type { BatchSource } from '../../data/batch-entry-node.js';
import { dataThreads, prefetchPhotoBatches } from '../../data/prefetch-node.js';
import { requireTeacher } from '../../data/teacherAnswers-node.js';
import { preparePool } from '../../data/pool/preparePool-node.js';
import { cropsOf, describePool, planPool } from './pool-node.js';
import type { RestorerRun } from './config.js';
import { validateRestorer } from './validation-node.js';
import { openDiscriminator } from './adversarial.js';
import { restorerLossGraph, type RestorerLosses } from './loss.js';
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
  const { data, model, seed, perceptual, teacher, adversarial } = config;
  const photos = await listPhotos(data.photos);
  const crops = cropsOf(config, photos);
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
    initialize: (random) => beginning.weights(graph, random, photos),
    sources: {
      ...beginning.sources,
      'data.photos': await photosFingerprint(photos),
      'teacher.model': asked ?? 'none',
      'data.pool': pool ? describePool(pool.options) : 'none',
      // A preset is a name, whose meaning may be another in another version.
      'data.degradation, written out': fingerprint(resolvePresets(data.degradation, model.scale)),
    },
    async *prepare(first, onWarning) {
      if (pool) yield* preparePool(pool, first, config.workers, onWarning);
    },
    openSamples(onWarning) {
      const depth = shardCount(config) * 2;
      const source: BatchSource = pool
        ? { from: 'pool', pool: pool.options, seed }
        : { from: 'photos', crops };
      const batches = prefetchPhotoBatches(source, {
        ...{ count: shardSize(config), depth, onWarning },
        threads: dataThreads(config.workers, source),
      });
      return {
        async take(first) {
          const { sample, target, teacher } = await batches.take(first);
          return { sample, target, ...(teacher && { teacher }) };
        },
        costs: () => batches.costs(),
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
    dataAdvice: adviceOf(config),
    modelFile: model,
    finishModelFile: () => Promise.resolve(model),
    get description() {
      return describeRestorer(model);
    },
    photos,
  };
}

function adviceOf({ data }: RestorerRun): string {
  if (data.pool) return 'a smaller data.pool.refresh makes fewer samples anew';
  const fewer =
    (data.crop_candidates ?? 1) > 1 ? ', and fewer data.crop_candidates decode less' : '';
  return `data.pool makes samples once${fewer}`;
}

function fingerprint(degradation: Degradation): string {
  const digest = createHash('sha256').update(JSON.stringify(degradation)).digest('hex');
  return `sha256 ${digest.slice(0, 16)}`;
}
