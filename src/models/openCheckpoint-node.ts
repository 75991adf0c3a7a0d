import { basename, join } from 'node:path';
import { WeightsError, type Checkpoint } from '../weights/index.js';
import { openSafetensorsFile, type CheckpointFile } from '../weights/safetensors-node.js';
import { clipTokenizerFolder } from './clipTokenizer-node.js';
import { findWeightsFile, isPickle, pickleError } from './componentFiles-node.js';
import { ldmFiles, unknownLdmNames } from './ldmFile.js';
import { kindOf, ModelError, modelPlaces, readConfigFile } from './modelFiles-node.js';
import type { ComponentName, ConfigFile, Network } from './network.js';
import {
  parsePipeline,
  type Component,
  type ComponentConfig,
  type Pipeline,
  type PipelineConfigs,
} from './pipeline.js';
import { networkWeights, type Layout } from './storedWeights.js';
import { supportedCheckpoints, unsupportedFile, unsupportedPipeline } from './unsupported.js';

/** Where a checkpoint lies. */
export interface CheckpointPlace {
  /** The name of the folder or file. */
  readonly name: string;
  readonly path: string;
  readonly layout: Layout;
  /** The folder of its vocabulary: for a single file, which has none, that of CLIP if it fits; null for none. */
  readonly tokenizerFolder: string | null;
}

/** What the config files of a checkpoint say. */
export type CheckpointConfigs = PipelineConfigs & CheckpointPlace;

/** A checkpoint with its weights, whose files stay open until it is disposed of. */
export interface OpenCheckpoint extends Pipeline, CheckpointPlace, AsyncDisposable {}

export interface OpenCheckpointOptions {
  /** Which set of weights to take where there are several, such as `fp16`. */
  readonly variant?: string;
}

const clipVocabularySize = 49408;

export const indexFileName = 'model_index.json';
export const schedulerFileName = 'scheduler_config.json';

/** What weight files are called, by the folder that they lie in. */
export const weightStems: Readonly<Record<ComponentName, string>> = {
  text_encoder: 'model',
  unet: 'diffusion_pytorch_model',
  vae: 'diffusion_pytorch_model',
};

/**
 * Opens a Stable Diffusion 1.x checkpoint: a folder of diffusers, by its path or its name in the package, or a
 * `.safetensors` file of the original layout. Reads configs and headers; weights stay in their files.
 * @throws ModelError, ConfigError or WeightsError for what is absent, of another family, or does not fit.
 */
export async function openCheckpoint(
  model: string,
  options: OpenCheckpointOptions = {},
): Promise<OpenCheckpoint> {
  const place = await findCheckpoint(model);
  return place.kind === 'file' ? openLdmFile(place.path) : openFolder(place.path, options);
}

/** Reads what `openCheckpoint` would without looking for the weights of a folder. */
export async function readCheckpointConfigs(model: string): Promise<CheckpointConfigs> {
  const place = await findCheckpoint(model);
  if (place.kind === 'folder') return readFolder(place.path);
  await using checkpoint = await openLdmFile(place.path);
  return checkpoint;
}

async function findCheckpoint(model: string): Promise<{ kind: 'file' | 'folder'; path: string }> {
  for (const path of modelPlaces(model)) {
    const kind = await kindOf(path);
    if (kind === 'file') return { kind, path };
    if (kind === 'folder' && (await kindOf(join(path, indexFileName)))) return { kind, path };
  }
  throw new ModelError(
    `${model}: expected a folder with a ${indexFileName}, or a .safetensors file, got neither`,
  );
}

async function readFolder(path: string): Promise<CheckpointConfigs> {
  const index = await readConfigFile(join(path, indexFileName));
  const family = unsupportedPipeline(index);
  if (family !== undefined) throw unsupported(path, family);
  const fileOf = (component: ComponentName | 'scheduler'): string =>
    join(path, component, component === 'scheduler' ? schedulerFileName : 'config.json');
  const hasText = isListed(index, 'text_encoder');
  const expected = [fileOf('unet'), fileOf('vae'), fileOf('scheduler')];
  if (hasText) expected.push(fileOf('text_encoder'));
  await requireFiles(path, 'file', expected);
  const tokenizerFolder = isListed(index, 'tokenizer') ? join(path, 'tokenizer') : null;
  await requireFiles(path, 'folder', tokenizerFolder === null ? [] : [tokenizerFolder]);
  const files = {
    unet: await readConfigFile(fileOf('unet')),
    vae: await readConfigFile(fileOf('vae')),
    text_encoder: hasText ? await readConfigFile(fileOf('text_encoder')) : null,
    scheduler: await readConfigFile(fileOf('scheduler')),
  };
  return {
    ...parsePipeline(files, fileOf),
    name: basename(path),
    path,
    layout: 'diffusers',
    tokenizerFolder,
  };
}

/** Components that a pipeline leaves out are listed as a pair of nulls, or not at all. */
function isListed(index: ConfigFile, component: string): boolean {
  const entry = index[component];
  return Array.isArray(entry) && entry[1] !== null;
}

async function requireFiles(
  folder: string,
  kind: 'file' | 'folder',
  files: readonly string[],
): Promise<void> {
  const kinds = await Promise.all(files.map(kindOf));
  const missing = files.filter((_, i) => kinds[i] !== kind);
  if (missing.length === 0) return;
  const names = (paths: readonly string[]): string =>
    paths.map((path) => path.slice(folder.length + 1)).join(', ');
  throw new ModelError(`${folder}: expected ${names(files)}, got no ${names(missing)}`);
}

async function openFolder(
  path: string,
  { variant }: OpenCheckpointOptions,
): Promise<OpenCheckpoint> {
  const { unet, vae, textEncoder, ...rest } = await readFolder(path);
  return openAll(async (open) => {
    const component = async <N extends Network>(
      name: ComponentName,
      config: ComponentConfig<N>,
    ): Promise<Component<N>> => {
      const file = await findWeightsFile(join(path, name), weightStems[name], variant);
      const weights = labelled(file, await open(file), (opened) =>
        networkWeights(config.network, opened, 'diffusers', `${name}.`),
      );
      return { ...config, weights };
    };
    return {
      ...rest,
      unet: await component('unet', unet),
      vae: await component('vae', vae),
      textEncoder: textEncoder && (await component('text_encoder', textEncoder)),
    };
  });
}

async function openLdmFile(path: string): Promise<OpenCheckpoint> {
  if (isPickle(path)) throw pickleError(path, `from_single_file("${path}")`);
  return openAll(async (open) => {
    const file = await open(path);
    const family = unsupportedFile(file.entries.keys());
    if (family !== undefined) throw unsupported(path, family);
    const configs = parsePipeline(ldmFiles(file, path), (component) => `${path}: ${component}`);
    const unknown = unknownLdmNames(file.entries.keys());
    if (unknown.length > 0) {
      const got = `${unknown.length} weights such as ${unknown[0]}`;
      throw new ModelError(`${path}: expected ${supportedCheckpoints}, got ${got}`);
    }
    const component = <N extends Network>(
      name: ComponentName,
      config: ComponentConfig<N>,
    ): Component<N> => {
      const weights = labelled(path, file, (opened) =>
        networkWeights(config.network, opened, 'ldm', `${name}.`),
      );
      return { ...config, weights };
    };
    return {
      unet: component('unet', configs.unet),
      vae: component('vae', configs.vae),
      textEncoder: configs.textEncoder && component('text_encoder', configs.textEncoder),
      schedulerFile: configs.schedulerFile,
      name: basename(path),
      path,
      layout: 'ldm',
      tokenizerFolder: readsClip(configs) ? clipTokenizerFolder() : null,
    };
  });
}

/** Single files hold no vocabulary, because all have the same. */
function readsClip({ textEncoder }: PipelineConfigs): boolean {
  return textEncoder?.network.config.vocabSize === clipVocabularySize;
}

/** Opens files for a checkpoint, and closes them with it, or when one of them does not fit. */
async function openAll(
  task: (open: (path: string) => Promise<Checkpoint>) => Promise<Pipeline & CheckpointPlace>,
): Promise<OpenCheckpoint> {
  const files: CheckpointFile[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(files.splice(0).map((file) => file.close()));
  };
  try {
    const checkpoint = await task(async (path) => {
      const file = await openSafetensorsFile(path);
      files.push(file);
      return file;
    });
    return { ...checkpoint, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

function labelled<F, T>(path: string, file: F, task: (file: F) => T): T {
  try {
    return task(file);
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    throw new WeightsError(`${path}: ${error.message}`, { cause: error });
  }
}

function unsupported(path: string, family: string): ModelError {
  return new ModelError(`${path}: expected ${supportedCheckpoints}, got ${family}`);
}
