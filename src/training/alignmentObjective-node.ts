import { join } from 'node:path';
import {
  createNoiseSchedule,
  schedulerConfig,
  schedulerConfigSchema,
  type SchedulerFile,
} from '../diffusion/index.js';
import { graphCost } from '../graph/index.js';
import {
  ConfigError,
  nanosdUnet,
  nanosdUnetConfig,
  pixelsPerLatent,
  stagedUnetOf,
  type PipelineToWrite,
  type Precision,
  type StagedUnetConfig,
} from '../models/index.js';
import { openAutoencoder, type OpenAutoencoder } from '../models/openAutoencoder-node.js';
import { openCheckpoint, type OpenCheckpoint } from '../models/openCheckpoint-node.js';
import { tokenizerWriter, writeCheckpoint } from '../models/writeCheckpoint-node.js';
import type { Weights } from '../tensor/index.js';
import { castSource, sourceOf } from '../weights/index.js';
import { alignmentGraph, sharedFeatures, teacherPredictionGraph } from './alignmentLoss.js';
import { openAlignmentSamples, type AlignmentSampleOptions } from './alignmentSamples-node.js';
import type { AlignmentTraining } from './alignmentTraining.js';
import { heldOutSet, validateAlignment } from './alignmentValidation-node.js';
import { initializeUnet } from './initialize.js';
import { prepareLatents, type LatentOptions } from './latents-node.js';
import { readMetricsLog } from './metricsLog-node.js';
import { describeAlignedUnet } from './modelDescription.js';
import type { Comparison, Objective } from './objective.js';
import { listPhotos, photosFingerprint } from './photoFolder-node.js';
import { runFolder } from './runFolder-node.js';
import { createSessionPool, type SessionPool } from './sessionPool-node.js';
import { weightsFingerprint } from './teacher-node.js';
import { openTeacherPrompts } from './teacherPrompts-node.js';
import { shardSize } from './trainingSettings.js';
import { listPhotoSets } from './validationSets-node.js';

/** Apart from those of training, which are often 1. */
const HELD_OUT_SEED = 20_260_109;

/**
 * Predicting what a teacher predicts, end to end.
 * @throws ConfigError, ModelError or WeightsError when there are no photographs, or teacher, student and VAE are not
 * there or do not go together.
 */
export async function openAlignmentObjective(config: AlignmentTraining): Promise<Objective> {
  const { model, data } = config;
  await using teacher = await openCheckpoint(config.teacher);
  await using vae = await openAutoencoder(config.vae ?? config.teacher);
  const student = nanosdUnetConfig(model);
  const network = stagedUnetOf(teacher.unet.network);
  requireAlike(config, teacher, student, vae);
  const photos = await listPhotos(data.photos);
  const heldOut = await listPhotoSets(config.validation);
  const prompts = await openTeacherPrompts(teacher, photos, data.kinds);
  const side = windowSide(config, teacher);
  const size = {
    ...{ batch: shardSize(config), height: side, width: side },
    contextTokens: prompts.spec.tokens,
  };
  const features = config.feature_weight > 0 ? sharedFeatures(network, student) : [];
  const graph = alignmentGraph(student, size, features, config.feature_weight);
  const openTeacher = (wanted: typeof features): SessionPool => {
    const predictions = teacherPredictionGraph(network, size, wanted);
    return createSessionPool(predictions, teacher.unet.weights, config.workers);
  };
  const sampleOptions = (paths: readonly string[], seed: number): AlignmentSampleOptions => {
    const latents = latentOptions(config, paths, { side, seed, kinds: prompts.kindsFrom });
    return {
      latents: { ...latents, vae: config.teacher },
      ownLatents: config.vae === undefined ? null : { ...latents, vae: config.vae },
      prompts,
      schedule: createNoiseSchedule(schedulerConfig(schedulerOf(teacher))),
      conditioningDropout: config.conditioning_dropout,
      count: size.batch,
    };
  };
  const training = sampleOptions(photos, config.seed);
  const held = new Map(
    Array.from(heldOut, ([name, paths]) => [name, sampleOptions(paths, HELD_OUT_SEED)] as const),
  );
  const sets = new Map(
    Array.from(held, ([name, options]) => {
      const windows = config.validation?.sets[name].windows ?? 0;
      return [name, heldOutSet(options, windows, () => openTeacher([]))] as const;
    }),
  );
  return {
    graph,
    initialize: (random) => initializeUnet(graph, random),
    sources: {
      'data.photos': await photosFingerprint(photos),
      teacher: await weightsFingerprint(teacher.unet.weights),
      vae: await weightsFingerprint(vae.weights),
      // Only what is written beside the U-Net.
      student: '',
    },
    async *prepare() {
      for (const { latents, ownLatents } of [training, ...held.values()]) {
        yield* prepareLatents(latents);
        if (ownLatents) yield* prepareLatents(ownLatents);
      }
    },
    openSamples: (onWarning) => openAlignmentSamples(training, openTeacher(features), onWarning),
    validate: (executor, weights, options) =>
      validateAlignment(executor, weights, { student, size, sets }, options),
    modelFile: model,
    finishModelFile: () => Promise.resolve(model),
    writeModel: (folder, weights, precision) => writeStudent(folder, config, weights, precision),
    compare: () => compareUnets(config, network, student, size),
    get description() {
      return describeAlignedUnet(model, size, teacher.name);
    },
    photos,
  };
}

function latentOptions(
  { data, output_dir: folder }: AlignmentTraining,
  photos: readonly string[],
  { side, ...rest }: { readonly side: number } & Pick<LatentOptions, 'kinds' | 'seed'>,
): Omit<LatentOptions, 'vae'> {
  return {
    photos,
    cacheFolder: data.cache_folder ?? join(folder, 'latents'),
    cacheBytes: data.cache_megabytes * 1e6,
    height: side,
    width: side,
    ...rest,
  };
}

function schedulerOf({ schedulerFile }: OpenCheckpoint): SchedulerFile {
  return schedulerConfigSchema.parse(schedulerFile);
}

/** Complains of everything that does not go together, at once. */
function requireAlike(
  config: AlignmentTraining,
  { unet, vae: teacherVae }: OpenCheckpoint,
  student: StagedUnetConfig,
  own: OpenAutoencoder,
): void {
  const { config: teacher } = unet.network;
  const problems: string[] = [];
  const compare = (name: string, expected: number, got: number): void => {
    if (expected !== got) {
      problems.push(`${name}: expected ${expected}, as ${config.teacher} has, got ${got}`);
    }
  };
  compare('model.in_channels', teacher.inChannels, student.inChannels);
  compare('model.out_channels', teacher.outChannels, student.outChannels);
  compare('model.cross_attention_dim', teacher.crossAttentionDim, student.crossAttentionDim);
  const [{ network: expected }, { network: got }] = [teacherVae, own];
  compare(
    `${own.path}: latent_channels`,
    expected.config.latentChannels,
    got.config.latentChannels,
  );
  compare(
    `${own.path}: pixels a cell of the latent`,
    pixelsPerLatent(expected),
    pixelsPerLatent(got),
  );
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
}

/** Of the windows, in cells. */
function windowSide({ data }: AlignmentTraining, { unet, vae }: OpenCheckpoint): number {
  const factor = pixelsPerLatent(vae.network);
  const multiple = factor * 2 ** (stagedUnetOf(unet.network).levels.length - 1);
  if (data.sample_size % multiple === 0) return data.sample_size / factor;
  throw new ConfigError(
    `data.sample_size: expected a multiple of ${multiple}, the pixels a side of the teacher's coarsest cell, ` +
      `got ${data.sample_size}`,
  );
}

/** The student's checkpoint with the trained U-Net and, where there is one, the VAE that it was trained with. */
async function writeStudent(
  folder: string,
  config: AlignmentTraining,
  weights: Weights,
  precision: Precision,
): Promise<void> {
  await using student = await openCheckpoint(config.student);
  await using vae = config.vae === undefined ? null : await openAutoencoder(config.vae);
  const unet = { ...student.unet, weights: castSource(sourceOf(weights), precision) };
  const pipeline: PipelineToWrite = { ...student, unet, ...(vae && { vae }) };
  const write = tokenizerWriter(student.tokenizerFolder);
  await writeCheckpoint(folder, pipeline, write, { overwrite: true });
}

async function compareUnets(
  { output_dir: folder, validation }: AlignmentTraining,
  teacher: StagedUnetConfig,
  student: StagedUnetConfig,
  size: Parameters<typeof nanosdUnet>[1],
): Promise<Comparison> {
  const costs = [teacher, student].map((unet) => {
    const { parameters, macs } = graphCost({
      ...nanosdUnet(unet, { ...size, batch: 1 }),
      taps: [],
    });
    return { parameters, gmac: macs / 1e9 };
  });
  const log = await readMetricsLog(runFolder(folder).metrics);
  const curve = log.flatMap((entry) => ('validation' in entry ? [entry] : []));
  const sets = Object.keys(validation?.sets ?? {});
  const losses = sets.map((set) => {
    const points = curve.flatMap(({ step, validation: scores }) => {
      const score = scores[set] as (typeof scores)[string] | undefined;
      return score && 'loss' in score ? [{ step, loss: score.loss }] : [];
    });
    return { set, points };
  });
  const [{ parameters, gmac }, own] = costs;
  const rows = [
    ['parameters', parameters.toLocaleString('en-US'), own.parameters.toLocaleString('en-US')],
    [`GMAC a step, ${size.height} x ${size.width} cells`, gmac.toFixed(2), own.gmac.toFixed(2)],
    ...losses.flatMap(({ set, points }) =>
      points.length === 0 || points[0].step !== 0
        ? []
        : [[`held-out loss before alignment, ${set}`, '', points[0].loss.toPrecision(4)]],
    ),
  ];
  const report = { unet: { teacher: costs[0], student: own }, heldOut: losses };
  return { rows, report };
}
