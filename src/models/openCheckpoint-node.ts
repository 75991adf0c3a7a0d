import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { clipTokenizerFolder } from './clipTokenizer-node.js';
import { schedulerConfigSchema, schedulerNotices } from '../diffusion/index.js';
import { holdsWeights } from './componentFiles-node.js';
import { ldmFiles, ldmNotices, missingParts } from './ldmFile.js';
import { kindOf, ModelError, modelPlaces, readConfigFile } from './modelFiles-node.js';
import type { ComponentName, ConfigFile, Network } from './network.js';
import { configFileName, folderWeights, weightsOf, withFiles } from './networkFolder-node.js';
import {
  parsePipeline,
  type Component,
  type ComponentConfig,
  type Pipeline,
  type PipelineConfigs,
} from './pipeline.js';
import type { Layout } from './storedWeights.js';
import { supportedCheckpoints, unsupportedFile, unsupportedPipeline } from './unsupported.js';

/** Where a checkpoint lies. */
export interface CheckpointPlace {
  /** The name of the folder or file. */
  readonly name: string;
  readonly path: string;
  readonly layout: Layout;
  /** The folder of its vocabulary: for a single file, which has none, that of CLIP if it fits; null for none. */
  readonly tokenizerFolder: string | null;
  /** What in the checkpoint is passed over, or taken in a way that may surprise, each in a sentence. */
  readonly notices: readonly string[];
}

/** What the config files of a checkpoint say. */
export interface CheckpointConfigs extends PipelineConfigs, CheckpointPlace {
  /** Whether there are weights beside the configs, of whatever kind. */
  readonly hasWeights: boolean;
}

/** A checkpoint with its weights, whose files stay open until it is disposed of. */
export interface OpenCheckpoint extends Pipeline, CheckpointPlace, AsyncDisposable {}

export interface OpenCheckpointOptions {
  /** Which set of weights to take where there are several, such as `fp16`. */
  readonly variant?: string;
}

export const indexFileName = 'model_index.json';
export const schedulerFileName = 'scheduler_config.json';

/** Of CLIP's vocabulary. */
const clipTokens = 49408;

/**
 * Opens a Stable Diffusion 1.x checkpoint: a folder of diffusers, by its path or its name in the package, or a
 * `.safetensors` or `.ckpt` file of the original layout. Reads configs and headers; weights stay in their files.
 * @throws ModelError, ConfigError or WeightsError for what is absent, of another family, or does not fit.
 */
export async function openCheckpoint(
  model: string,
  options: OpenCheckpointOptions = {},
): Promise<OpenCheckpoint> {
  const { kind, path } = await findCheckpoint(model);
  return kind === 'file' ? openLdmFile(path) : openFolder(path, options);
}

/** Reads what `openCheckpoint` would without looking at the weights of a folder. */
export async function readCheckpointConfigs(model: string): Promise<CheckpointConfigs> {
  const { kind, path } = await findCheckpoint(model);
  if (kind === 'folder') return readFolder(path);
  await using checkpoint = await openLdmFile(path);
  return { ...checkpoint, hasWeights: true };
}

async function findCheckpoint(model: string): Promise<{ kind: 'file' | 'folder'; path: string }> {
  for (const path of modelPlaces(model)) {
    const kind = await kindOf(path);
    if (kind === 'file') return { kind, path };
    if (kind === 'folder' && (await kindOf(join(path, indexFileName)))) return { kind, path };
  }
  throw new ModelError(
    `${model}: expected a folder with a ${indexFileName}, or a .safetensors or .ckpt file, got neither${await snapshotHint(model)}`,
  );
}

/** A download cache of the hub keeps what it has downloaded some folders down. */
async function snapshotHint(model: string): Promise<string> {
  const snapshots = join(model, 'snapshots');
  const names = await readdir(snapshots).catch((): string[] => []);
  for (const name of names) {
    if (await kindOf(join(snapshots, name, indexFileName))) {
      return `; this is a download cache: point at ${join(snapshots, name)}`;
    }
  }
  return '';
}

async function readFolder(path: string): Promise<CheckpointConfigs> {
  const index = await readConfigFile(join(path, indexFileName));
  const family = unsupportedPipeline(index);
  if (family !== undefined) throw unsupported(path, family);
  const fileOf = (component: ComponentName | 'scheduler'): string =>
    join(path, component, component === 'scheduler' ? schedulerFileName : configFileName);
  const hasText = isListed(index, 'text_encoder');
  const hasPrompts = isListed(index, 'prompt_embeddings');
  const tokenizerFolder = isListed(index, 'tokenizer') ? join(path, 'tokenizer') : null;
  const expected = [fileOf('unet'), fileOf('vae'), fileOf('scheduler')];
  if (hasText) expected.push(fileOf('text_encoder'));
  if (hasPrompts) expected.push(fileOf('prompt_embeddings'));
  if (tokenizerFolder !== null) expected.push(tokenizerFolder);
  await requirePresent(path, expected);
  const files = {
    unet: await readConfigFile(fileOf('unet')),
    vae: await readConfigFile(fileOf('vae')),
    text_encoder: hasText ? await readConfigFile(fileOf('text_encoder')) : null,
    ...(hasPrompts && { prompt_embeddings: await readConfigFile(fileOf('prompt_embeddings')) }),
    scheduler: await readConfigFile(fileOf('scheduler')),
  };
  const folders = ['unet', 'vae', 'text_encoder'].map((name) => join(path, name));
  const held = await Promise.all(folders.map(holdsWeights));
  const configs = parsePipeline(files, fileOf);
  return {
    ...configs,
    notices: noticesOf(configs),
    name: basename(path),
    path,
    layout: 'diffusers',
    tokenizerFolder,
    hasWeights: held.includes(true),
  };
}

/** Components that a pipeline leaves out are listed as a pair of nulls, or not at all. */
function isListed(index: ConfigFile, component: string): boolean {
  const entry = index[component];
  return Array.isArray(entry) && entry[1] !== null;
}

async function requirePresent(folder: string, paths: readonly string[]): Promise<void> {
  const kinds = await Promise.all(paths.map(kindOf));
  const missing = paths.filter((_, i) => kinds[i] === undefined);
  if (missing.length === 0) return;
  const names = (all: readonly string[]): string =>
    all.map((path) => path.slice(folder.length + 1)).join(', ');
  throw new ModelError(`${folder}: expected ${names(paths)}, got no ${names(missing)}`);
}

async function openFolder(
  path: string,
  { variant }: OpenCheckpointOptions,
): Promise<OpenCheckpoint> {
  const { unet, vae, textEncoder, promptEmbeddings, ...rest } = await readFolder(path);
  return withFiles(async (files) => {
    const component = async <N extends Network>(
      name: ComponentName,
      config: ComponentConfig<N>,
    ): Promise<Component<N>> => {
      const weights = await folderWeights(join(path, name), config.network, files, variant);
      return { ...config, weights };
    };
    return {
      ...rest,
      unet: await component('unet', unet),
      vae: await component('vae', vae),
      textEncoder: textEncoder && (await component('text_encoder', textEncoder)),
      promptEmbeddings:
        promptEmbeddings && (await component('prompt_embeddings', promptEmbeddings)),
    };
  });
}

async function openLdmFile(path: string): Promise<OpenCheckpoint> {
  return withFiles(async (files) => {
    const file = await files.open(path);
    const family = unsupportedFile(file.entries.keys());
    if (family !== undefined) throw unsupported(path, family);
    const missing = missingParts(file.entries);
    if (missing !== undefined) throw unsupported(path, missing);
    const configs = parsePipeline(ldmFiles(file, path), (component) => `${path}: ${component}`);
    const component = <N extends Network>(
      name: ComponentName,
      config: ComponentConfig<N>,
    ): Component<N> => ({
      ...config,
      weights: weightsOf(path, file, config.network, 'ldm', name),
    });
    const { unet, vae, textEncoder, schedulerFile } = configs;
    const hasClipTokens = textEncoder?.network.config.vocabSize === clipTokens;
    return {
      unet: component('unet', unet),
      vae: component('vae', vae),
      textEncoder: textEncoder && component('text_encoder', textEncoder),
      promptEmbeddings: null,
      schedulerFile,
      name: basename(path),
      path,
      layout: 'ldm',
      tokenizerFolder: hasClipTokens ? clipTokenizerFolder() : null,
      notices: [...ldmNotices(file), ...noticesOf(configs)],
    };
  });
}

/** What is to be said of the configs of a checkpoint. */
function noticesOf({ unet, vae, schedulerFile }: PipelineConfigs): string[] {
  const { inChannels } = unet.network.config;
  const { latentChannels } = vae.network.config;
  return [
    ...(inChannels === latentChannels ? [] : [`an inpainting model: its U-Net takes ${inChannels} channels`]),
    ...schedulerNotices(schedulerConfigSchema.parse(schedulerFile)),
  ];
}

function unsupported(path: string, got: string): ModelError {
  return new ModelError(`${path}: expected ${supportedCheckpoints}, got ${got}`);
}
