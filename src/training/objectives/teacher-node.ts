import { createHash } from 'node:crypto';
import {
  ConfigError,
  isGaussianAutoencoder,
  type GaussianAutoencoder,
} from '../../models/index.js';
import { openAutoencoder, type OpenAutoencoder } from '../../models/openAutoencoder-node.js';
import type { TensorSource } from '../../weights/index.js';

/** A VAE to learn from. Its files are closed when it is disposed of; what was mapped before stays. */
export interface TeacherVae extends OpenAutoencoder {
  readonly network: GaussianAutoencoder;
}

/**
 * Opens the VAE of a checkpoint, or the folder of one.
 * @throws ModelError, ConfigError or WeightsError for what is absent or does not fit, and for a VAE without moments.
 */
export async function openTeacherVae(path: string): Promise<TeacherVae> {
  const opened = await openAutoencoder(path);
  const { network } = opened;
  if (isGaussianAutoencoder(network)) return { ...opened, network };
  await opened[Symbol.asyncDispose]();
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
