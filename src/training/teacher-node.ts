import { createHash } from 'node:crypto';
import {
  ConfigError,
  isGaussianAutoencoder,
  type ConfigFile,
  type GaussianAutoencoder,
} from '../models/index.js';
import { ModelError } from '../models/modelFiles-node.js';
import { findModelKind } from '../models/modelKind-node.js';
import { openNetworkFolder } from '../models/networkFolder-node.js';
import { openCheckpoint } from '../models/openCheckpoint-node.js';
import type { Checkpoint, TensorSource } from '../weights/index.js';

/** A VAE to learn from. Its files are closed when it is disposed of; sessions that were mapped before live on. */
export interface TeacherVae extends AsyncDisposable {
  readonly network: GaussianAutoencoder;
  readonly file: ConfigFile;
  readonly weights: Checkpoint;
}

/**
 * Opens the VAE of a checkpoint, or the folder of one.
 * @throws ModelError, ConfigError or WeightsError for what is absent or does not fit, and for a VAE without moments.
 */
export async function openTeacherVae(model: string): Promise<TeacherVae> {
  const { kind, path } = await findModelKind(model);
  if (kind === 'restorer') throw new ModelError(`${path}: expected a VAE, got a restorer`);
  const opened = await (kind === 'checkpoint' ? openCheckpoint(path) : openNetworkFolder(path));
  const { network, file, weights } = 'vae' in opened ? opened.vae : opened;
  if (isGaussianAutoencoder(network) && weights) {
    return { network, file, weights, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  }
  await opened[Symbol.asyncDispose]();
  if (!weights) throw new ModelError(`${path}: expected weights, got a config alone`);
  throw new ConfigError(
    `${path}: expected an AutoencoderKL or a NanoSDAutoencoder, whose latents have a mean and a ` +
      `deviation, got ${network.className}`,
  );
}

/** Tensors up to this size are enough to tell weights apart: training changes them all. */
const FINGERPRINT_ELEMENTS = 4096;

/** Tells one set of weights from another, wherever it lies: by names, shapes and the values of small tensors. */
export async function weightsFingerprint(weights: TensorSource): Promise<string> {
  const hash = createHash('sha256');
  for (const [name, { dtype, shape }] of weights.entries) {
    hash.update(`${name} ${dtype} ${shape.join()}\n`);
    if (shape.reduce((product, n) => product * n, 1) > FINGERPRINT_ELEMENTS) continue;
    const { data } = await weights.read(name);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return `${weights.entries.size} tensors, sha256 ${hash.digest('hex').slice(0, 16)}`;
}
