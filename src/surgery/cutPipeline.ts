import {
  bytesOfTypes,
  ConfigError,
  nanosdUnetFile,
  networkParams,
  stagedUnetOf,
  watchedSources,
  type ComponentToWrite,
  type NetworkIn,
  type PipelineToWrite,
  type WriteControl,
} from '../models/index.js';
import { matchWeights, type TensorSource } from '../weights/index.js';
import { firstChannels, type ChannelChoice } from './channels.js';
import { cutUnet, type Coarsest } from './cutUnet.js';
import { importantUnetChannels, inheritUnet } from './inheritUnet.js';
import {
  importantAutoencoderChannels,
  inheritAutoencoder,
  narrowAutoencoder,
} from './narrowAutoencoder.js';
import { narrowUnet } from './narrowUnet.js';
import type { Stages } from './stages.js';

/** How a narrower network chooses its channels: the first of each part, or those of the largest weights. */
export type Importance = 'first' | 'norm';

/** What to cut from a checkpoint. */
export interface SurgeryPlan {
  /** Of the U-Net; null: its own, and all of its levels. */
  readonly stages: Stages | null;
  /** What becomes of E4, the mid block and D4 where stages are cut. */
  readonly coarsest: Coarsest;
  /** The share of the U-Net's channels that stays, above 0 and at most 1. */
  readonly width: number;
  /** The share of the autoencoder's. */
  readonly vaeWidth: number;
  readonly importance: Importance;
}

/**
 * A checkpoint whose U-Net and autoencoder are cut from a teacher's and inherit its weights; all else stays as
 * it is. Weights are made of the teacher's as they are read; `importance: 'norm'` reads those of what becomes
 * narrower once before. `onProgress` tells of that.
 * @throws ConfigError for a teacher that the plan does not fit; WeightsError if what would be written were not
 * exactly what the cut networks ask for (the surgery law).
 */
export async function cutPipeline(
  teacher: PipelineToWrite,
  plan: SurgeryPlan,
  control: WriteControl = {},
): Promise<PipelineToWrite> {
  const unet = await cutUnetComponent(teacher.unet, plan, control);
  const vae = await cutVaeComponent(teacher.vae, plan, control);
  const student = { ...teacher, unet, vae };
  for (const [name, { network, weights }] of Object.entries({ unet, vae })) {
    matchWeights(networkParams(network), weights.entries, `${name}.`);
  }
  return student;
}

type UnetComponent = ComponentToWrite<NetworkIn<'unet'>>;
type VaeComponent = ComponentToWrite<NetworkIn<'vae'>>;

async function cutUnetComponent(
  teacher: UnetComponent,
  { stages, coarsest, width, importance }: SurgeryPlan,
  control: WriteControl,
): Promise<UnetComponent> {
  if (stages === null && width === 1) return teacher;
  const whole = { config: stagedUnetOf(teacher.network), weights: teacher.weights };
  const cut = stages === null ? whole.config : cutUnet(whole.config, stages, coarsest);
  const config = narrowUnet(cut, width);
  const weights = watched(teacher.weights, 'unet.', control);
  const choice = await chosen(width, importance, () =>
    importantUnetChannels({ ...whole, weights }, config),
  );
  const { sample_size: sampleSize } = teacher.file;
  return {
    network: { className: 'NanoSDUNet2DConditionModel', config },
    file: nanosdUnetFile(config, typeof sampleSize === 'number' ? sampleSize : undefined),
    weights: inheritUnet(whole, config, choice),
  };
}

async function cutVaeComponent(
  teacher: VaeComponent,
  { vaeWidth: width, importance }: SurgeryPlan,
  control: WriteControl,
): Promise<VaeComponent> {
  if (width === 1) return teacher;
  const { network } = teacher;
  if (network.className !== 'AutoencoderKL') {
    throw new ConfigError(
      `expected an AutoencoderKL to make narrower, got a VAE of class ${network.className}`,
    );
  }
  const whole = { config: network.config, weights: teacher.weights };
  const config = narrowAutoencoder(whole.config, width);
  const weights = watched(teacher.weights, 'vae.', control);
  const choice = await chosen(width, importance, () =>
    importantAutoencoderChannels({ ...whole, weights }, config),
  );
  return {
    network: { className: 'AutoencoderKL', config },
    file: { ...teacher.file, block_out_channels: config.blockOutChannels },
    weights: inheritAutoencoder(whole, config, choice),
  };
}

function watched(weights: TensorSource, label: string, control: WriteControl): TensorSource {
  return watchedSources(bytesOfTypes(weights.entries.values()), control)(weights, label);
}

/** Weights are read for it only where some channels go. */
async function chosen(
  width: number,
  importance: Importance,
  important: () => Promise<ChannelChoice>,
): Promise<ChannelChoice> {
  return importance === 'norm' && width < 1 ? important() : firstChannels;
}
