import { basename, join } from 'node:path';
import { WeightsError, type Checkpoint } from '../weights/index.js';
import { openWeightsFile } from '../weights/openWeightsFile-node.js';
import type { CheckpointFile } from '../weights/safetensors-node.js';
import { findWeightsFile, holdsWeights } from './componentFiles-node.js';
import { readConfigFile } from './modelFiles-node.js';
import { componentClasses, parseNetwork, type Network } from './network.js';
import type { ComponentConfig } from './pipeline.js';
import { networkWeights, type Layout } from './storedWeights.js';

export const configFileName = 'config.json';

/** What the weight file of a network is called, before its ending. */
export function weightStem({ className }: Network): string {
  return className === 'CLIPTextModel' ? 'model' : 'diffusion_pytorch_model';
}

/** A folder with one network, such as a checkpoint's `unet/`, or one that training has made. */
export interface NetworkFolder extends ComponentConfig, AsyncDisposable {
  /** Null where the folder holds none. */
  readonly weights: Checkpoint | null;
}

/**
 * Opens the folder of one network: its `config.json`, and the headers of its weights if there are any.
 * @throws ModelError, ConfigError or WeightsError for what is absent, unknown, or does not fit.
 */
export async function openNetworkFolder(path: string): Promise<NetworkFolder> {
  const configPath = join(path, configFileName);
  const file = await readConfigFile(configPath);
  const network = parseNetwork(file, Object.values(componentClasses).flat(), configPath);
  const present = await holdsWeights(path);
  return withFiles(async (files) => {
    return { network, file, weights: present ? await folderWeights(path, network, files) : null };
  });
}

/** The weights in a network's folder, under the names that the network has. */
export async function folderWeights(
  folder: string,
  network: Network,
  files: OpenFiles,
  variant?: string,
): Promise<Checkpoint> {
  const path = await findWeightsFile(folder, weightStem(network), variant);
  return weightsOf(path, await files.open(path), network, 'diffusers', basename(folder));
}

/** The weights of a network in an opened file, named in errors. */
export function weightsOf(
  path: string,
  file: Checkpoint,
  network: Network,
  layout: Layout,
  component: string,
): Checkpoint {
  try {
    return networkWeights(network, file, layout, `${component}.`);
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    throw new WeightsError(`${path}: ${error.message}`, { cause: error });
  }
}

/** Files of weights that are closed together. */
export interface OpenFiles {
  open(path: string): Promise<Checkpoint>;
}

/** Opens files for something that lives as long as they stay open; they are closed if it cannot be made. */
export async function withFiles<T extends object>(
  task: (files: OpenFiles) => Promise<T>,
): Promise<T & AsyncDisposable> {
  const opened: CheckpointFile[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.splice(0).map((file) => file.close()));
  };
  try {
    const open = async (path: string): Promise<Checkpoint> => {
      const file = await openWeightsFile(path);
      opened.push(file);
      return file;
    };
    return { ...(await task({ open })), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
