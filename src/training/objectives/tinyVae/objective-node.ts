import type { Feeds } from '../../../graph/index.js';
import { castWeights } from '../../../weights/index.js';
import {
  ConfigError,
  nanosdAutoencoderConfig,
  pixelsPerLatent,
  type GaussianAutoencoder,
} from '../../../models/index.js';
import type { AutoencoderDistillation } from './config.js';
import {
  compareAutoencoders,
  comparisonRows,
  type MeasuredAutoencoder,
} from './comparison-node.js';
import { noiseFrom } from '../../data/sampleNoise.js';
import { validateAutoencoder } from '../autoencoder/validation-node.js';
import { initializeNanosdAutoencoder } from '../initialize.js';
import { describeNanosdAutoencoder } from '../../export/modelDescription.js';
import {
  latentShape,
  momentMatchingGraph,
  teacherMomentsGraph,
  type CropSize,
} from './momentMatching.js';
import type { Objective, SampleStream } from '../objective.js';
import type { PhotoFile } from '../../data/photoFile.js';
import { listPhotos, photosFingerprint } from '../../data/photoFolder-node.js';
import { prefetchPhotoBatches } from '../../data/prefetch-node.js';
import { createSessionPool } from '../../loop/sessionPool-node.js';
import { openTeacherVae, weightsFingerprint, type TeacherVae } from '../teacher-node.js';
import { shardCount, shardSize } from '../../loop/trainingSettings.js';
import { listPhotoSets } from '../../validation/validationSets-node.js';

/**
 * Encoding and decoding as the VAE of a checkpoint does.
 * @throws ConfigError, ModelError or WeightsError when there are no photographs, or the teacher is not there or
 * does not go together with the student.
 */
export async function openAutoencoderDistillation(
  config: AutoencoderDistillation,
): Promise<Objective> {
  const { data, model } = config;
  const student = {
    className: 'NanoSDAutoencoder',
    config: nanosdAutoencoderConfig(model),
  } as const;
  await using teacher = await openTeacherVae(config.teacher);
  requireSameLatents(config.teacher, teacher.network, student);
  const photos = await listPhotos(data.photos);
  const sets = await listPhotoSets(config.validation);
  const size = { batch: shardSize(config), side: data.sample_size };
  const graph = momentMatchingGraph(student, {
    ...size,
    momentsWeight: config.moments_weight,
    losses: config.loss.map((loss) => ({ loss, weight: loss.weight })),
    decoderWeight: config.decoder_weight,
  });
  return {
    graph,
    initialize: (random) => initializeNanosdAutoencoder(graph, random),
    sources: {
      'data.photos': await photosFingerprint(photos),
      teacher: await weightsFingerprint(teacher.weights),
    },
    openSamples: (onWarning) => openSamples(config, { photos, teacher, size }, onWarning),
    validate: (executor, weights, options) => {
      const plan = { network: student, sets, pictures: config.validation?.pictures ?? 0 };
      return validateAutoencoder(executor, weights, plan, options);
    },
    modelFile: model,
    finishModelFile: () => Promise.resolve(model),
    async compare(executor, weights) {
      const held = [...sets.values()].flat();
      const pictures = held.length > 0 ? held : photos;
      const teacher = await readTeacher(config.teacher);
      const pair = { student: { network: student, weights }, teacher };
      const report = await compareAutoencoders(executor, pair, pictures);
      return { rows: comparisonRows(report), report };
    },
    get description() {
      return describeNanosdAutoencoder(model);
    },
    photos,
  };
}

async function readTeacher(path: string): Promise<MeasuredAutoencoder> {
  await using teacher = await openTeacherVae(path);
  const { network, weights } = teacher;
  return { network, weights: castWeights(await weights.readAll(), 'float32') };
}

function requireSameLatents(
  path: string,
  teacher: GaussianAutoencoder,
  student: GaussianAutoencoder,
): void {
  const factsOf = (network: GaussianAutoencoder): (readonly [string, number])[] => [
    ['pixels a cell of the latent', pixelsPerLatent(network)],
    ['latent_channels', network.config.latentChannels],
    ['scaling_factor', network.config.scalingFactor],
    ['in_channels', network.config.inChannels],
    ['out_channels', network.config.outChannels],
  ];
  const own = factsOf(student);
  const problems = factsOf(teacher).flatMap(([name, expected], i) => {
    const [, got] = own[i];
    return expected === got
      ? []
      : [`model: expected ${name} ${expected}, as ${path} has, got ${got}`];
  });
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
}

interface DistilledData {
  readonly photos: readonly PhotoFile[];
  readonly teacher: TeacherVae;
  readonly size: CropSize;
}

/** Crops, and what the teacher makes of them. */
function openSamples(
  config: AutoencoderDistillation,
  { photos, teacher, size }: DistilledData,
  onWarning: (warning: string) => void,
): SampleStream {
  const { data, seed, workers } = config;
  const crops = {
    photos,
    sampleSize: data.sample_size,
    scale: 1,
    degradation: null,
    seed,
    cacheBytes: data.cache_megabytes * 1e6,
  };
  const batches = prefetchPhotoBatches(
    { from: 'photos', crops },
    {
      count: size.batch,
      depth: shardCount(config) * 2,
      onWarning,
    },
  );
  const moments = teacherMomentsGraph(teacher.network, size, config.decoder_weight > 0);
  const pool = createSessionPool(moments, teacher.weights, workers);
  const shape = latentShape(teacher.network, size);
  return {
    async take(first): Promise<Feeds> {
      const { sample } = await batches.take(first);
      const taught = await pool.run({ sample, noise: noiseFrom(seed, first, shape) });
      return { sample, ...taught };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([batches[Symbol.asyncDispose](), pool[Symbol.asyncDispose]()]);
    },
  };
}
