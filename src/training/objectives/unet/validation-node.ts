import { join } from 'node:path';
import type { Executor } from '../../../graph/index.js';
import {
  createScheduler,
  schedulerConfig,
  type NoiseSchedule,
  type SchedulerFile,
} from '../../../diffusion/index.js';
import type { Image } from '../../../image/index.js';
import { writeImage } from '../../../image/sharp-node.js';
import type { Unet2DConditionConfig } from '../../../models/index.js';
import { openAutoencoder } from '../../../models/openAutoencoder-node.js';
import { gaussianNoise, tensor, type Tensor, type Weights } from '../../../tensor/index.js';
import { castWeights } from '../../../weights/index.js';
import { denoisingLossGraph, type DenoisingLossOptions } from './loss.js';
import { pictureGrid, samplePictures } from '../../validation/samplePictures.js';
import { openLatents, type LatentOptions } from '../../latents/latents-node.js';
import type { ValidationOptions } from '../objective.js';
import { rowNamed, type PromptTable } from '../../prompts/promptTable.js';
import { makeFolder } from '../../../weights/makeFolder-node.js';
import type { ValidationReport, ValidationScore } from '../../validation/validation.js';

export interface UnetValidation {
  readonly network: Unet2DConditionConfig;
  /** Path of the autoencoder. */
  readonly vae: string;
  /** The latents of each set. */
  readonly sets: ReadonlyMap<string, LatentOptions>;
  readonly prompts: PromptTable;
  readonly loss: Pick<DenoisingLossOptions, 'schedule' | 'predictionType'>;
  readonly schedulerFile: SchedulerFile;
  /** Of the samples to look at, in cells. */
  readonly side: number;
  /** Samples of each prompt. */
  readonly pictures: number;
}

/** Equal parts of the timesteps, whose losses are told apart. */
const BUCKETS = 10;
/** Windows in each. */
const WINDOWS = 8;
/** Prompts of which samples are drawn. */
const PROMPTS_SHOWN = 8;
const STEPS = 25;

/**
 * The mean squared error of the prediction on held-out latents, always the same ones with the same noise, by parts
 * of the timesteps and over all; and samples from always the same noise, as `samples.png`: a row a prompt. Null
 * when aborted.
 */
export async function validateUnet(
  executor: Executor,
  weights: Weights,
  plan: UnetValidation,
  { step, pictures: folder, signal }: ValidationOptions,
): Promise<ValidationReport | null> {
  const begun = performance.now();
  const validation: Record<string, ValidationScore> = {};
  for (const [set, latents] of plan.sets) {
    const byTimestep = await lossByTimestep(executor, weights, plan, latents);
    if (signal?.aborted) return null;
    const loss = byTimestep.reduce((sum, part) => sum + part, 0) / BUCKETS;
    validation[set] = { loss, images: BUCKETS * WINDOWS, byTimestep };
  }
  if (folder !== null && plan.pictures > 0) {
    const rows = await sampleRows(executor, weights, plan, signal);
    if (rows === null) return null;
    await makeFolder(folder);
    await writeImage(join(folder, 'samples.png'), pictureGrid(rows));
  }
  return { step, validation, ms: performance.now() - begun };
}

async function lossByTimestep(
  executor: Executor,
  weights: Weights,
  { network, prompts, loss }: UnetValidation,
  options: LatentOptions,
): Promise<number[]> {
  await using source = await openLatents(options);
  const graph = denoisingLossGraph(network, {
    ...loss,
    batch: WINDOWS,
    height: options.height,
    width: options.width,
    snrGamma: null,
    prompts: prompts.spec,
  });
  await using session = await executor.load(graph, weights);
  const losses: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const { latents, kind } = await source.take(bucket * WINDOWS, WINDOWS);
    const rows = Array.from(kind.data, (place) => {
      return rowNamed(prompts.names, source.kinds[Number(place)] ?? '');
    });
    const outputs = await session.run({
      latents,
      noise: gaussianNoise(latents.shape, options.seed, bucket),
      timestep: timestepsOf(bucket, loss.schedule),
      ...prompts.feeds(rows),
    });
    losses.push((outputs.loss.data as Float32Array)[0]);
  }
  return losses;
}

/** Evenly over a part of the timesteps. */
function timestepsOf(bucket: number, { alphasCumprod }: NoiseSchedule): Tensor<'int64'> {
  const at = (i: number): bigint => {
    const place = (bucket + (i + 0.5) / WINDOWS) / BUCKETS;
    return BigInt(Math.floor(place * alphasCumprod.length));
  };
  return tensor(
    'int64',
    [WINDOWS],
    BigInt64Array.from({ length: WINDOWS }, (_, i) => at(i)),
  );
}

async function sampleRows(
  executor: Executor,
  weights: Weights,
  plan: UnetValidation,
  signal: AbortSignal | undefined,
): Promise<Image[][] | null> {
  const { names } = plan.prompts;
  const shown = [...names.slice(0, PROMPTS_SHOWN - 1).keys()].filter((row) => names[row] !== '');
  await using vae = await openAutoencoder(plan.vae);
  const scheduler = createScheduler(schedulerConfig(plan.schedulerFile, 'ddim'), STEPS);
  return await samplePictures(
    executor,
    { network: plan.network, weights },
    { network: vae.network, weights: castWeights(await vae.weights.readAll(), 'float32') },
    {
      scheduler,
      prompts: plan.prompts,
      rows: [...shown, names.length - 1],
      side: plan.side,
      columns: plan.pictures,
    },
    signal,
  );
}
