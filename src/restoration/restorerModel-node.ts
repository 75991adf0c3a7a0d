import { basename, extname, resolve } from 'node:path';
import { foreignRestorer } from '../models/index.js';
import {
  ModelError,
  openRestorerFolder,
  readWeightSets,
  type RestorerFolder,
  type WeightSets,
} from '../models/modelFolder-node.js';
import { kindOf } from '../models/modelFiles-node.js';
import { isForeign, type RestoringNetwork } from './restorationGraph.js';

/** A model to restore with: a folder of ours, or a file with a network of another program. */
export interface RestorerModel extends Omit<RestorerFolder, 'config'> {
  readonly config: RestoringNetwork;
}

export interface RestorerModelOptions {
  /** Standard deviation of the noise that FDnCNN and FFDNet are told, of 255; 15 unless given. */
  readonly noiseLevel?: number;
}

/**
 * Opens a model by the path of its folder, its name in the package, or a file: an ONNX model, or the weights of a network that is
 * known by its keys (`openForeignNetwork`). Of a file the weights are read too.
 * @throws ModelError for an unknown model, listing those there are; ConfigError, WeightsError or RangeError for one that does not fit.
 */
export async function openRestorerModel(
  model: string,
  options: RestorerModelOptions = {},
): Promise<RestorerModel> {
  if ((await kindOf(model)) !== 'file') return openRestorerFolder(model);
  // Most restore with a folder: what reads files of others costs time to load.
  const { openForeignNetwork } = await import('../runtime/openForeignNetwork-node.js');
  const network = await openForeignNetwork(model, options);
  const path = resolve(model);
  const name = basename(path, extname(path));
  return { name, path, task: network.scale > 1 ? 'sr' : 'denoise', config: restoring(model) };

  function restoring(label: string): RestoringNetwork {
    try {
      return foreignRestorer(network);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new ModelError(`${label}: ${error.message}`, { cause: error });
    }
  }
}

/** All weights of a restorer as float32, whatever they are stored as; @throws WeightsError when they do not fit. */
export async function readRestorerModelWeights({
  config,
  ...folder
}: RestorerModel): Promise<WeightSets> {
  return isForeign(config)
    ? { weights: config.network.weights }
    : readWeightSets({ ...folder, config });
}
