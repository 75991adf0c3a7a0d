import { join, resolve } from 'node:path';
import { ConfigError, pixelsPerLatent, type Precision } from '../../../models/index.js';
import { openCheckpoint } from '../../../models/openCheckpoint-node.js';
import { parseTrainingConfig, type TrainingConfig } from '../config.js';
import { exportModel } from '../../export/exportModel-node.js';
import type { KindsFrom } from '../../data/pictureKinds.js';
import { openTraining, type TrainingOptions } from '../../loop/run-node.js';
import {
  trainingFolder,
  type DistillationEvent,
  type DistillationSettings,
} from '../tinyVae/trainVae-node.js';

/** What `nanosd align` asks for. */
export interface AlignmentOptions {
  /** The checkpoint whose U-Net learns: what `nanosd surgery` or distillation has made. */
  readonly student: string;
  /** The checkpoint that it learns from. */
  readonly teacher: string;
  /** Folders of photographs. */
  readonly photos: readonly string[];
  /** The checkpoint that is written; the run lies beside it, in `OUTPUT.training`. */
  readonly output: string;
  /** A folder of pictures that are held out; null for none. */
  readonly validation: string | null;
  /** The VAE whose latents the student sees; the teacher's unless given. */
  readonly vae?: string | undefined;
  readonly training: AlignmentSettings;
}

export interface AlignmentSettings extends DistillationSettings {
  readonly featureWeight: number;
  readonly emaDecay: number;
  /** Where a picture's kind is read from; by default its name, for teachers that have learned kinds. */
  readonly kinds?: KindsFrom | undefined;
  /** Whether the U-Net starts from the student's weights, or from random ones. */
  readonly init: 'student' | 'random';
  /** Where latents of photographs are kept; runs may share it. */
  readonly cacheFolder?: string | undefined;
}

/**
 * The training config of an alignment.
 * @throws ConfigError, ModelError or WeightsError when student or teacher are not there or do not fit.
 */
export async function alignmentConfig(options: AlignmentOptions): Promise<TrainingConfig> {
  const { output, photos, validation, vae, training } = options;
  await using student = await openCheckpoint(options.student);
  await using teacher = await openCheckpoint(options.teacher);
  if (resolve(output) === resolve(student.path)) {
    throw new ConfigError(`${output}: expected another folder than the student's`);
  }
  const { network, file } = student.unet;
  if (network.className !== 'NanoSDUNet2DConditionModel') {
    throw new ConfigError(
      `${student.path}: expected a student's U-Net, NanoSDUNet2DConditionModel, got ${network.className}`,
    );
  }
  requireSamePrediction(student.schedulerFile, teacher.schedulerFile, student.path);
  const { sample_size: cells } = teacher.unet.file;
  const config = {
    model: file,
    ...{ teacher: options.teacher, student: options.student },
    ...(vae !== undefined && { vae }),
    ...(training.init === 'student' && { initial_weights: join(student.path, 'unet') }),
    output_dir: trainingFolder(output),
    data: {
      photos,
      sample_size:
        training.resolution ??
        (typeof cells === 'number' ? cells : 64) * pixelsPerLatent(teacher.vae.network),
      kinds: training.kinds ?? (teacher.promptEmbeddings ? 'name_prefix' : 'none'),
      ...(training.cacheFolder !== undefined && { cache_folder: training.cacheFolder }),
    },
    ...{ seed: training.seed, steps: training.steps, workers: training.workers },
    ...{ batch_size: training.batch, learning_rate: training.learningRate },
    lr_warmup_steps: Math.min(100, Math.floor(training.steps / 20)),
    feature_weight: training.featureWeight,
    max_grad_norm: 1,
    ema_decay: training.emaDecay,
    checkpoints_total_limit: 1,
    ...(validation !== null && {
      validation: {
        every_steps: Math.max(1, Math.ceil(training.steps / 20)),
        at_start: true,
        sets: { held_out: { photos: validation } },
      },
    }),
  };
  return parseTrainingConfig(config, 'align');
}

/**
 * Aligns a student and writes it as a whole checkpoint with its report and card. A run that was stopped leaves the
 * folder as it was and goes on with `resume`.
 * @param command what the card says was run.
 * @throws as `openTraining`.
 */
export async function* alignStudent(
  config: TrainingConfig,
  output: string,
  command: string,
  options: TrainingOptions,
): AsyncGenerator<DistillationEvent> {
  const { state, events } = await openTraining(config, options);
  yield* events;
  if (state.step < config.steps) return;
  const model = await exportModel(config, {
    folder: output,
    weights: config.validation ? 'best' : 'newest',
    precision: await storedPrecision(config),
    command,
    // JSON is YAML.
    configText: JSON.stringify(config, null, 2),
  });
  yield { kind: 'written', folder: output, model };
}

/** As the student's weights were stored. */
async function storedPrecision(config: TrainingConfig): Promise<Precision> {
  if (!('student' in config)) return 'float32';
  await using student = await openCheckpoint(config.student);
  const [first] = student.unet.weights.entries.values();
  return first.dtype === 'float16' ? 'float16' : 'float32';
}

function requireSamePrediction(student: object, teacher: object, path: string): void {
  const typeOf = (file: { prediction_type?: unknown }): unknown =>
    file.prediction_type ?? 'epsilon';
  const [got, expected] = [typeOf(student), typeOf(teacher)];
  if (got === expected) return;
  throw new ConfigError(
    `${path}: expected a scheduler with prediction_type ${String(expected)}, the teacher's, got ${String(got)}`,
  );
}
