import { join } from 'node:path';
import { createNoiseSchedule, schedulerConfig } from '../../../diffusion/index.js';
import {
  ConfigError,
  kindEmbeddingName,
  pixelsPerLatent,
  promptEmbeddingsConfig,
  promptEmbeddingsConfigSchema,
  unet2DConditionConfig,
} from '../../../models/index.js';
import { configFileName } from '../../../models/networkFolder-node.js';
import { weightsFileName } from '../../../models/modelFolder-node.js';
import { kindOf, readJsonFile } from '../../../models/modelFiles-node.js';
import { openAutoencoder, type OpenAutoencoder } from '../../../models/openAutoencoder-node.js';
import { Random, type Tensor, type Weights } from '../../../tensor/index.js';
import { readSafetensorsFile } from '../../../weights/safetensors-node.js';
import { denoisingLossGraph } from './loss.js';
import { exportPipeline } from '../../export/exportPipeline-node.js';
import { initializeUnet } from '../initialize.js';
import { autoencoderFingerprint } from '../../latents/latentCache-node.js';
import { prepareLatents, type LatentOptions } from '../../latents/latents-node.js';
import { describeUnet } from '../../export/modelDescription.js';
import type { Objective } from '../objective.js';
import type { PhotoFile } from '../../data/photoFile.js';
import { listPhotos, photosFingerprint } from '../../data/photoFolder-node.js';
import { haveKinds, kindsFingerprint, readPictureKinds } from '../../data/pictureKinds-node.js';
import { kindPrompts, textPrompts, type PromptTable } from '../../prompts/promptTable.js';
import { encodeTexts, readCaptions } from '../../prompts/textPrompts-node.js';
import { shardSize } from '../../loop/trainingSettings.js';
import { openUnetSamples } from './samples-node.js';
import { trainedSchedulerFile, type UnetTraining } from './config.js';
import { validateUnet } from './validation-node.js';
import { listPhotoSets } from '../../validation/validationSets-node.js';

/**
 * Denoising the latents of photographs, which a frozen autoencoder makes.
 * @throws ConfigError when photographs, captions or validation sets are missing, or the autoencoder does not fit; ModelError or
 * WeightsError as `openAutoencoder`.
 */
export async function openUnetObjective(config: UnetTraining): Promise<Objective> {
  const { data, model, seed } = config;
  const photos = await listPhotos(data.photos);
  const sets = await listPhotoSets(config.validation);
  await using vae = await openAutoencoder(config.vae);
  const side = latentSide(config, vae);
  const kinds = await readPictureKinds(photos, data.kinds);
  const prompts = await openPrompts(config, photos, kinds.names);
  const network = unet2DConditionConfig(model);
  const schedulerFile = trainedSchedulerFile(config);
  const schedule = createNoiseSchedule(schedulerConfig(schedulerFile));
  const latents: LatentOptions = {
    photos,
    kinds: prompts.kindsFrom,
    vae: config.vae,
    cacheFolder: data.cache_folder ?? join(config.output_dir, 'latents'),
    cacheBytes: data.cache_megabytes * 1e6,
    height: side,
    width: side,
    seed,
  };
  const heldOut = new Map<string, LatentOptions>();
  for (const [name, paths] of sets) {
    // Pictures to measure on need no labels: without, they are of no kind in particular.
    const kinds = (await haveKinds(paths, data.kinds)) ? data.kinds : 'none';
    heldOut.set(name, { ...latents, photos: paths, kinds, seed: HELD_OUT_SEED });
  }
  const loss = { schedule, predictionType: config.prediction_type };
  const graph = denoisingLossGraph(network, {
    ...loss,
    batch: shardSize(config),
    height: side,
    width: side,
    snrGamma: config.snr_gamma ?? null,
    prompts: prompts.spec,
  });
  const initialize = (random: Random): Map<string, Tensor<'float32'>> =>
    initializeUnet(graph, random);
  return {
    graph,
    initialize,
    completeWeights: (path, weights) =>
      withPrompts(path, weights, prompts, () => initialize(Random.seeded(seed))),
    sources: {
      'data.photos': await photosFingerprint(photos),
      'data.kinds': kindsFingerprint(data.kinds, kinds),
      vae: await autoencoderFingerprint(vae),
    },
    async *prepare() {
      for (const options of [latents, ...heldOut.values()]) yield* prepareLatents(options);
    },
    openSamples: (onWarning) =>
      openUnetSamples(
        {
          latents,
          prompts,
          schedule,
          conditioningDropout: config.conditioning_dropout,
          noiseOffset: config.noise_offset,
          count: shardSize(config),
        },
        onWarning,
      ),
    validate: (executor, weights, options) =>
      validateUnet(
        executor,
        weights,
        {
          network,
          vae: config.vae,
          sets: heldOut,
          prompts,
          loss,
          schedulerFile,
          side,
          pictures: config.validation?.pictures ?? 0,
        },
        options,
      ),
    modelFile: model,
    finishModelFile: () => Promise.resolve(model),
    writeModel: (folder, weights, precision) =>
      exportPipeline(folder, config, prompts, weights, precision),
    get description() {
      return describeUnet(model, { side, prompts: prompts.names });
    },
    photos,
  };
}

/** Apart from those of training, which are often 1. */
const HELD_OUT_SEED = 20_260_109;

/** Of the windows, in cells. */
function latentSide({ model, data }: UnetTraining, { network, path }: OpenAutoencoder): number {
  const { latentChannels } = network.config;
  if (latentChannels !== model.in_channels) {
    const got = `${latentChannels} (latent_channels of ${path})`;
    throw new ConfigError(`model.in_channels: expected ${got}, got ${model.in_channels}`);
  }
  const multiple = pixelsPerLatent(network) * 2 ** (model.block_out_channels.length - 1);
  if (data.sample_size % multiple === 0) return data.sample_size / pixelsPerLatent(network);
  throw new ConfigError(
    `data.sample_size: expected a multiple of ${multiple}, the pixels a side of the coarsest level's cell, ` +
      `got ${data.sample_size}`,
  );
}

async function openPrompts(
  { prompts, data, checkpoint = '' }: UnetTraining,
  photos: readonly PhotoFile[],
  kinds: readonly string[],
): Promise<PromptTable> {
  switch (prompts.from) {
    case 'kinds':
      return kindPrompts(kinds, data.kinds, prompts.tokens);
    case 'captions': {
      const captions = await readCaptions(photos);
      const embeddings = await encodeTexts(checkpoint, captions);
      return textPrompts(embeddings, 'photo', (kind) => captions[kind]);
    }
    case 'constant': {
      const embeddings = await encodeTexts(checkpoint, [prompts.prompt]);
      return textPrompts(embeddings, 'none', () => prompts.prompt);
    }
  }
}

/**
 * A U-Net's file holds no prompts: they are beside its folder in a checkpoint, if for the same kinds, or begin at
 * random.
 */
async function withPrompts(
  path: string,
  weights: Weights,
  prompts: PromptTable,
  initialize: () => Weights,
): Promise<Weights> {
  if (prompts.spec.from !== 'kinds' || weights.has(kindEmbeddingName)) return weights;
  const found = await promptsBeside(path, prompts);
  const embedding = found ?? initialize().get(kindEmbeddingName);
  return embedding ? new Map([...weights, [kindEmbeddingName, embedding]]) : weights;
}

async function promptsBeside(path: string, prompts: PromptTable): Promise<Tensor | undefined> {
  const folder = join(path, '..', 'prompt_embeddings');
  const file = join(folder, configFileName);
  if ((await kindOf(file)) !== 'file') return undefined;
  const parsed = promptEmbeddingsConfigSchema.safeParse(await readJsonFile(file));
  if (!parsed.success) return undefined;
  const { names, tokens } = promptEmbeddingsConfig(parsed.data);
  const isSame = names.join('\n') === prompts.names.join('\n') && tokens === prompts.spec.tokens;
  if (!isSame) return undefined;
  const { tensors } = await readSafetensorsFile(join(folder, weightsFileName));
  return tensors.get(kindEmbeddingName);
}
