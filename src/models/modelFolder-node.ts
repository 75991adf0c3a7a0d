import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Weights } from '../tensor/index.js';
import {
  castWeights,
  checkFinite,
  interpolateWeights,
  matchWeights,
  WeightsError,
} from '../weights/index.js';
import { readSafetensorsFile } from '../weights/safetensors-node.js';
import { partFidelity, type FidelityFile } from './fidelity.js';
import { kindOf, ModelError, modelPlaces, readJsonFile } from './modelFiles-node.js';
import { configFileName } from './networkFolder-node.js';
import { packagePath } from './packageFolder-node.js';
import { parseConfig } from './parseConfig.js';
import { restorer, restorerMultiple, type RestorerConfig } from './restorer.js';
import { restorerConfig, restorerConfigSchema } from './restorerConfig.js';

export { ModelError } from './modelFiles-node.js';
export { configFileName } from './networkFolder-node.js';

export const weightsFileName = 'diffusion_pytorch_model.safetensors';

/** A restorer as it lies on disk: `config.json` and `diffusion_pytorch_model.safetensors`. */
export interface RestorerFolder {
  /** The folder's own name. */
  readonly name: string;
  readonly path: string;
  /** What the weights were trained for: `sr`, `deblur`, ... */
  readonly task: string;
  readonly config: RestorerConfig;
  /** Of models with a second set of weights. */
  readonly fidelity?: FidelityFile;
}

/** The weights of a restorer, float32. */
export interface WeightSets {
  /** What is taken at a fidelity of 0, or all that there is. */
  readonly weights: Weights;
  /** What is taken at a fidelity of 1. */
  readonly faithful?: { readonly weights: Weights; readonly default: number };
}

/** The models that the package ships, by name. */
export async function listModels(): Promise<string[]> {
  const folder = packagePath('models');
  const names = await readdir(folder).catch((): string[] => []);
  const found = await Promise.all(names.map((name) => holdsModel(join(folder, name))));
  return names.filter((_, i) => found[i]).sort();
}

/**
 * Opens a model by the path of its folder or by its name in the package; reads the config alone.
 * @throws ModelError for an unknown model, listing those there are; ConfigError for a config that does not fit.
 */
export async function openRestorerFolder(model: string): Promise<RestorerFolder> {
  const path = await findModel(model);
  const file = join(path, configFileName);
  const { network, fidelity } = partFidelity(await readJsonFile(file), file);
  const parsed = parseConfig(restorerConfigSchema, network, file);
  const folder = { name: basename(path), path, task: parsed.task, config: restorerConfig(parsed) };
  return { ...folder, ...(fidelity && { fidelity }) };
}

/**
 * All weights of a restorer as float32, whatever they are stored as.
 * @throws WeightsError when a file is absent or corrupt, or does not hold exactly what the config asks for.
 */
export async function readWeightSets(folder: RestorerFolder): Promise<WeightSets> {
  const { fidelity } = folder;
  const weights = await readWeights(folder, weightsFileName);
  if (!fidelity) return { weights };
  const faithful = await readWeights(folder, fidelity.weights);
  return { weights, faithful: { weights: faithful, default: fidelity.default } };
}

/** The weights that a restorer takes unless said otherwise; throws as `readWeightSets`. */
export async function readRestorerWeights(folder: RestorerFolder): Promise<Weights> {
  const { weights, faithful } = await readWeightSets(folder);
  return faithful ? interpolateWeights(weights, faithful.weights, faithful.default) : weights;
}

async function readWeights(folder: RestorerFolder, name: string): Promise<Weights> {
  const path = join(folder.path, name);
  const { tensors } = await readSafetensorsFile(path);
  const side = restorerMultiple(folder.config);
  const { params } = restorer(folder.config, { batch: 1, height: side, width: side });
  try {
    matchWeights(params, tensors);
    checkFinite(tensors);
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    throw new WeightsError(`${path}: ${error.message}`, { cause: error });
  }
  return castWeights(tensors, 'float32');
}

async function findModel(model: string): Promise<string> {
  for (const place of modelPlaces(model)) if (await holdsModel(place)) return place;
  const names = await listModels();
  const known = names.length > 0 ? ` or one of ${names.join(', ')}` : '';
  throw new ModelError(`${model}: expected a folder with a ${configFileName}${known}, got neither`);
}

async function holdsModel(folder: string): Promise<boolean> {
  return (await kindOf(join(folder, configFileName))) === 'file';
}
