import { createHash } from 'node:crypto';
import { openCheckpoint } from '../models/openCheckpoint-node.js';
import type { Checkpoint } from '../weights/index.js';

/**
 * Tells one checkpoint from another, wherever it lies: a digest of its configs and weights.
 * @throws ModelError, ConfigError or WeightsError as `openCheckpoint`.
 */
export async function checkpointFingerprint(path: string): Promise<string> {
  await using checkpoint = await openCheckpoint(path);
  const { unet, vae, textEncoder, promptEmbeddings, schedulerFile } = checkpoint;
  const parts = [unet, vae, textEncoder, promptEmbeddings];
  const digest = createHash('sha256');
  digest.update(JSON.stringify([...parts.map((part) => part?.file ?? null), schedulerFile]));
  for (const part of parts) if (part) await addWeights(digest, part.weights);
  return digest.digest('hex').slice(0, 16);
}

/** One tensor at a time: a checkpoint may be larger than the memory. */
async function addWeights(
  digest: ReturnType<typeof createHash>,
  weights: Checkpoint,
): Promise<void> {
  for (const name of [...weights.entries.keys()].sort()) {
    const { dtype, data } = await weights.read(name);
    digest.update(`${name} ${dtype} `);
    digest.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
}
