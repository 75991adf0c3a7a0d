import { createScheduler, schedulerConfig, schedulerConfigSchema } from '../../diffusion/index.js';
import { openPrompts } from '../../generation/openPipeline-node.js';
import { pixelsPerLatent, stagedUnetOf } from '../../models/index.js';
import { openCheckpoint, type OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import { listPhotos } from '../../training/data/photoFolder-node.js';
import type { PhotoFile } from '../../training/data/photoFile.js';
import { frechetDistanceOfSamples } from '../algorithms/gaussianFit.js';
import { decodePictures } from '../quality/decodePictures-node.js';
import {
  openExecutorPool,
  type ComputeOptions,
  type ExecutorPool,
} from '../quality/measureQuality-node.js';
import { sampleNetwork } from '../quality/qualityMeter-node.js';
import { type SampleOptions, type SamplePlan } from '../quality/sampleLatents.js';
import { samplePrompts } from '../quality/samplePrompts-node.js';
import { denoisingLoss } from './denoisingLoss-node.js';
import { drawWindows } from './heldOut-node.js';
import { openPictureFeatures } from './pictureFeatures-node.js';

export interface PriorSettings extends ComputeOptions {
  /** Folders of photographs that the checkpoint was not trained on. */
  readonly photos: readonly string[];
  /** A feature network (`openPictureFeatures`). */
  readonly features: string;
  /** Sides of pictures, in pixels; 64 unless given. */
  readonly sizes?: readonly number[];
  /** Pictures of each side; 256 unless given. */
  readonly samples?: number;
  /** Steps of DDIM; 25 unless given. */
  readonly steps?: number;
  /** 0 unless given. */
  readonly seed?: number;
  /** Texts or kinds; unless given all kinds, or a list of texts. */
  readonly prompts?: readonly string[];
}

/** How well a checkpoint knows what photographs look like, at one size. */
export interface Prior {
  readonly size: number;
  readonly samples: number;
  /** The Frechet distance of features between generated pictures and windows of photographs. */
  readonly distance: number;
  /** The same between those windows and as many others: what cannot be told apart is as far. */
  readonly floor: number;
  /** Mean squared error of the prediction on windows of the photographs, over all timesteps and by tenths of them. */
  readonly loss: number;
  readonly byTimestep: readonly number[];
}

const defaults = { sizes: [64], samples: 256, steps: 25, seed: 0 } as const;
const LOSS_WINDOWS = 32;
/** Cells of all latents of one run of the U-Net. */
const BATCH_CELLS = 16 * 16 * 16;

/**
 * Measures a checkpoint, one size after the other.
 * @throws ModelError, ConfigError or WeightsError for what is absent or does not fit; the signal's reason when aborted.
 */
export async function* measurePrior(
  path: string,
  settings: PriorSettings,
  options: SampleOptions = {},
): AsyncGenerator<Prior> {
  await using checkpoint = await openCheckpoint(path);
  await using pool = openExecutorPool(settings);
  const photos = await listPhotos(settings.photos);
  for (const size of settings.sizes ?? defaults.sizes) {
    yield await measureAt(size, { checkpoint, pool, photos, settings }, options);
  }
}

interface Parts {
  readonly checkpoint: OpenCheckpoint;
  readonly pool: ExecutorPool;
  readonly photos: readonly PhotoFile[];
  readonly settings: PriorSettings;
}

async function measureAt(
  size: number,
  { checkpoint, pool: { executors }, photos, settings }: Parts,
  options: SampleOptions,
): Promise<Prior> {
  const { samples, seed } = { ...defaults, ...settings };
  await using features = await openPictureFeatures(settings.features, size, executors);
  const windows = await drawWindows(photos, size, 2 * samples, seed);
  const real = await features.extract(windows.slice(0, samples));
  const others = await features.extract(windows.slice(samples));
  const plan = await planOf(size, checkpoint, executors[0], settings);
  const own = { config: stagedUnetOf(checkpoint.unet.network), weights: checkpoint.unet.weights };
  const latents = await sampleNetwork(own, executors, plan, options);
  const pictures = await decodePictures(checkpoint, executors[0], latents, plan.latent);
  const { encode } = await openPrompts(checkpoint, (graph, weights) =>
    executors[0].loadMapped({ ...graph, taps: [] }, weights),
  );
  const [{ hiddenStates: prompt }] = await encode(['']);
  const byTimestep = await denoisingLoss(checkpoint, executors[0], windows.slice(0, LOSS_WINDOWS), {
    prompt,
    seed,
  });
  return {
    size,
    samples,
    distance: frechetDistanceOfSamples(real, await features.extract(pictures)),
    floor: frechetDistanceOfSamples(real, others),
    loss: byTimestep.reduce((sum, part) => sum + part, 0) / byTimestep.length,
    byTimestep,
  };
}

async function planOf(
  size: number,
  checkpoint: OpenCheckpoint,
  executor: Parts['pool']['executors'][number],
  settings: PriorSettings,
): Promise<SamplePlan> {
  const { samples, steps, seed } = { ...defaults, ...settings };
  const { unet, vae, schedulerFile } = checkpoint;
  const prompts = await samplePrompts(checkpoint, settings.prompts, executor);
  const side = size / pixelsPerLatent(vae.network);
  const config = schedulerConfig(schedulerConfigSchema.parse(schedulerFile), 'ddim');
  return {
    scheduler: createScheduler(config, steps),
    prompts: prompts.map(({ hiddenStates }) => hiddenStates),
    seed,
    samples,
    batch: Math.max(1, Math.min(samples, Math.floor(BATCH_CELLS / side ** 2))),
    latent: [stagedUnetOf(unet.network).inChannels, side, side],
  };
}
