import { join } from 'node:path';
import type { Checkpoint } from '../weights/index.js';
import { kindOf, ModelError, readConfigFile } from './modelFiles-node.js';
import { componentClasses, parseNetwork, type Autoencoder, type ConfigFile } from './network.js';
import { configFileName, folderWeights, withFiles } from './networkFolder-node.js';
import { indexFileName, openCheckpoint } from './openCheckpoint-node.js';

/** An autoencoder with its weights, whose files stay open until it is disposed of. */
export interface OpenAutoencoder extends AsyncDisposable {
  /** Where it lies: the folder of the autoencoder, or the checkpoint's single file. */
  readonly path: string;
  readonly network: Autoencoder;
  /** The `config.json` as it was read, to be written again. */
  readonly file: ConfigFile;
  /** Under the names of the network's params, in their order, and no others. */
  readonly weights: Checkpoint;
}

/**
 * Opens an autoencoder by its own folder (such as a checkpoint's `vae/`, or one that `nanosd export-model` has
 * written), or by a checkpoint that has one: a folder of diffusers, or a single file. Reads headers only.
 * @throws ModelError, ConfigError or WeightsError for what is absent, of another kind, or does not fit.
 */
export async function openAutoencoder(path: string): Promise<OpenAutoencoder> {
  if ((await kindOf(path)) === 'file') {
    const checkpoint = await openCheckpoint(path);
    const dispose = (): PromiseLike<void> => checkpoint[Symbol.asyncDispose]();
    return { path, ...checkpoint.vae, [Symbol.asyncDispose]: dispose };
  }
  const isCheckpoint = (await kindOf(join(path, indexFileName))) === 'file';
  const folder = isCheckpoint ? join(path, 'vae') : path;
  const configPath = join(folder, configFileName);
  if ((await kindOf(configPath)) !== 'file') {
    throw new ModelError(
      `${path}: expected the folder of an autoencoder, or a checkpoint, got no ${configFileName}`,
    );
  }
  const file = await readConfigFile(configPath);
  const network = parseNetwork(file, componentClasses.vae, configPath);
  return withFiles(async (files) => ({
    path: folder,
    network,
    file,
    weights: await folderWeights(folder, network, files),
  }));
}
