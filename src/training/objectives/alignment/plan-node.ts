import { join } from 'node:path';
import {
  createNoiseSchedule,
  schedulerConfig,
  schedulerConfigSchema,
  type NoiseSchedule,
} from '../../../diffusion/index.js';
import {
  ConfigError,
  nanosdUnetConfig,
  pixelsPerLatent,
  stagedUnetOf,
  type StagedUnetConfig,
  type Unet2DConditionSize,
} from '../../../models/index.js';
import { openAutoencoder, type OpenAutoencoder } from '../../../models/openAutoencoder-node.js';
import { openCheckpoint, type OpenCheckpoint } from '../../../models/openCheckpoint-node.js';
import { sharedFeatures, teacherPredictionGraph, type SharedFeature } from './loss.js';
import type { AlignmentSampleOptions } from './samples-node.js';
import type { AlignmentTraining } from './config.js';
import type { LatentOptions } from '../../latents/latents-node.js';
import type { PhotoFile } from '../../data/photoFile.js';
import { listPhotos, photosFingerprint } from '../../data/photoFolder-node.js';
import { kindsFingerprint, readPictureKinds } from '../../data/pictureKinds-node.js';
import type { PromptTable } from '../../prompts/promptTable.js';
import { createSessionPool, type SessionPool } from '../../loop/sessionPool-node.js';
import { weightsFingerprint } from '../teacher-node.js';
import { openTeacherPrompts } from '../../prompts/teacherPrompts-node.js';
import { shardSize } from '../../loop/trainingSettings.js';
import { listPhotoSets, type PhotoSets } from '../../validation/validationSets-node.js';

/** What an alignment works with, all of it checked to go together. */
export interface AlignmentPlan {
  /** The teacher's name. */
  readonly name: string;
  readonly teacher: StagedUnetConfig;
  readonly student: StagedUnetConfig;
  /** Of a share of the batch. */
  readonly size: Unet2DConditionSize;
  /** The outputs of stages that are compared, besides the predictions. */
  readonly features: readonly SharedFeature[];
  readonly photos: readonly PhotoFile[];
  /** Of validation, by the name of their set. */
  readonly heldOut: PhotoSets;
  /** The stream of samples from photographs. */
  samplesOf(photos: readonly PhotoFile[], seed: number): AlignmentSampleOptions;
  /** Threads that compute the teacher's predictions. */
  openTeacher(features: readonly SharedFeature[]): SessionPool;
  /** Fingerprints of what the config points to. */
  readonly sources: Readonly<Record<string, string>>;
}

/**
 * Opens what a config names; only headers and prompts are read.
 * @throws ConfigError, ModelError or WeightsError when there are no photographs, or teacher, student and VAE are not
 * there or do not go together.
 */
export async function openAlignmentPlan(config: AlignmentTraining): Promise<AlignmentPlan> {
  await using teacher = await openCheckpoint(config.teacher);
  await using vae = await openAutoencoder(config.vae ?? config.teacher);
  const student = nanosdUnetConfig(config.model);
  requireAlike(config, teacher, student, vae);
  const network = stagedUnetOf(teacher.unet.network);
  const photos = await listPhotos(config.data.photos);
  const heldOut = await listPhotoSets(config.validation);
  const kinds = await readPictureKinds(photos, config.data.kinds);
  const prompts = await openTeacherPrompts(teacher, photos, config.data.kinds);
  const side = windowSide(config, teacher);
  const contextTokens = prompts.spec.tokens;
  const size = { batch: shardSize(config), height: side, width: side, contextTokens };
  const schedule = scheduleOf(teacher);
  const { weights } = teacher.unet;
  return {
    ...{ name: teacher.name, teacher: network, student, size, photos, heldOut },
    features: config.feature_weight > 0 ? sharedFeatures(network, student) : [],
    samplesOf: (paths, seed) => sampleOptions(config, { prompts, schedule, size }, paths, seed),
    openTeacher: (features) =>
      createSessionPool(teacherPredictionGraph(network, size, features), weights, config.workers),
    sources: {
      'data.photos': await photosFingerprint(photos),
      'data.kinds': kindsFingerprint(config.data.kinds, kinds),
      teacher: await weightsFingerprint(weights),
      vae: await weightsFingerprint(vae.weights),
      // Only what is written beside the U-Net.
      student: '',
    },
  };
}

interface SampleParts {
  readonly prompts: PromptTable;
  readonly schedule: NoiseSchedule;
  readonly size: Unet2DConditionSize;
}

function sampleOptions(
  config: AlignmentTraining,
  { prompts, schedule, size }: SampleParts,
  photos: readonly PhotoFile[],
  seed: number,
): AlignmentSampleOptions {
  const { data, output_dir: folder, vae, teacher } = config;
  const latents: LatentOptions = {
    ...{ photos, seed, kinds: prompts.kindsFrom, vae: teacher },
    cacheFolder: data.cache_folder ?? join(folder, 'latents'),
    cacheBytes: data.cache_megabytes * 1e6,
    ...{ height: size.height, width: size.width },
  };
  return {
    latents,
    ownLatents: vae === undefined ? null : { ...latents, vae },
    ...{ prompts, schedule },
    conditioningDropout: config.conditioning_dropout,
    count: size.batch,
  };
}

function scheduleOf({ schedulerFile }: OpenCheckpoint): NoiseSchedule {
  return createNoiseSchedule(schedulerConfig(schedulerConfigSchema.parse(schedulerFile)));
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
