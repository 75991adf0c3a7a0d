import { pixelsPerLatent } from '../../../models/index.js';
import { parseTrainingConfig, type TrainingConfig } from '../config.js';
import { exportModel, type ExportedModel } from '../../export/exportModel-node.js';
import { openTraining, type TrainingEvent, type TrainingOptions } from '../../loop/run-node.js';
import { openTeacherVae } from '../teacher-node.js';

/** What `nanosd train-vae` asks for. */
export interface VaeDistillationOptions {
  /** A checkpoint, or the folder of its VAE. */
  readonly teacher: string;
  /** Folders of photographs. */
  readonly photos: readonly string[];
  /** The folder that the VAE is written to; the run lies beside it, in `OUTPUT.training`. */
  readonly output: string;
  /** A folder of pictures to validate on; null for none. */
  readonly validation: string | null;
  readonly network?: TinyVaeShape;
  readonly training: DistillationSettings;
}

/** Width of all levels, and residual blocks of each from fine to coarse; what is left out follows from the teacher. */
export interface TinyVaeShape {
  readonly width?: number | undefined;
  readonly encoderLayers?: readonly number[] | undefined;
  readonly decoderLayers?: readonly number[] | undefined;
}

/** How a network is distilled. */
export interface DistillationSettings {
  readonly steps: number;
  readonly batch: number;
  /** Side of the crops, in pixels; by default 16 cells of the latents. */
  readonly resolution?: number | undefined;
  readonly learningRate: number;
  readonly workers: number;
  readonly seed: number;
}

/** What the work on a VAE tells while it goes. */
export type DistillationEvent =
  | TrainingEvent
  | { readonly kind: 'written'; readonly folder: string; readonly model: ExportedModel };

/** Where the run of a result lies. */
export function trainingFolder(output: string): string {
  return `${output.replace(/[\\/]+$/, '')}.training`;
}

/**
 * The training config of a tiny VAE for a teacher's: half as wide as the teacher at its finest, 64 at most (the
 * paper's), with the depths that give the paper's sizes.
 * @throws ConfigError, ModelError or WeightsError when there is no such teacher, or something does not fit it.
 */
export async function vaeDistillationConfig(
  options: VaeDistillationOptions,
): Promise<TrainingConfig> {
  await using teacher = await openTeacherVae(options.teacher);
  const { network } = teacher;
  const { training, validation, output, photos } = options;
  const { seed, steps, workers, batch, learningRate } = training;
  const factor = pixelsPerLatent(network);
  const config = {
    model: {
      _class_name: 'NanoSDAutoencoder',
      latent_channels: network.config.latentChannels,
      ...tinyLevels(Math.log2(factor) + 1, finestWidth(network.config), options.network ?? {}),
      scaling_factor: network.config.scalingFactor,
    },
    teacher: options.teacher,
    output_dir: trainingFolder(output),
    data: { photos, sample_size: training.resolution ?? 16 * factor },
    ...{ seed, steps, workers, batch_size: batch, learning_rate: learningRate },
    lr_warmup_steps: Math.min(200, Math.floor(steps / 10)),
    loss: [{ kind: 'l1' }, { kind: 'frequency', weight: 0.2 }],
    max_grad_norm: 1,
    checkpoints_total_limit: 1,
    ...(validation === null
      ? {}
      : {
          validation: {
            every_steps: Math.max(1, Math.ceil(steps / 10)),
            sets: { held_out: { photos: validation } },
          },
        }),
  };
  return parseTrainingConfig(config, 'train-vae');
}

/**
 * Distils a VAE and writes it as a model folder with its report and card. A run that was stopped leaves the folder
 * as it was and goes on with `resume`.
 * @param command what the card says was run.
 * @throws as `openTraining`.
 */
export async function* trainVae(
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
    command,
    // JSON is YAML.
    configText: JSON.stringify(config, null, 2),
  });
  yield { kind: 'written', folder: output, model };
}

function finestWidth(
  config: Awaited<ReturnType<typeof openTeacherVae>>['network']['config'],
): number {
  return 'blockOutChannels' in config ? config.blockOutChannels[0] : config.decoder.channels[0] * 2;
}

/** The paper's sizes at four levels of 64 channels: 2.0M in the encoder, 1.3M in the decoder. */
const ENCODER_LAYERS = [1, 4, 8, 12];
const DECODER_LAYERS = [1, 3, 5, 7];

function tinyLevels(levels: number, finest: number, shape: TinyVaeShape): object {
  const width = shape.width ?? Math.min(64, Math.max(8, finest >> 1));
  const widths = new Array<number>(levels).fill(width);
  const layersOf = (list: readonly number[]): number[] =>
    Array.from({ length: levels }, (_, level) => list[Math.min(level, list.length - 1)]);
  return {
    encoder_block_out_channels: widths,
    decoder_block_out_channels: widths,
    encoder_layers_per_block: shape.encoderLayers ?? layersOf(ENCODER_LAYERS),
    decoder_layers_per_block: shape.decoderLayers ?? layersOf(DECODER_LAYERS),
  };
}
