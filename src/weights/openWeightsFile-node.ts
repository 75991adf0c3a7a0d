import { openFile } from './file-node.js';
import { openWeights } from './openWeights.js';
import { openSafetensorsFile, type CheckpointFile } from './safetensors-node.js';

/**
 * Opens a file of weights by what it is, whatever it is called: safetensors, the index of a sharded checkpoint (`.json`), or what
 * torch's `save` has made. Reads headers only.
 * @throws WeightsError naming the file when it is absent, unreadable or invalid.
 */
export async function openWeightsFile(path: string): Promise<CheckpointFile> {
  if (path.endsWith('.json')) return openSafetensorsFile(path);
  const file = await openFile(path);
  const close = (): Promise<void> => file.close();
  try {
    return { ...(await openWeights(file)), close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
