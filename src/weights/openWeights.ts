import type { ByteSource } from './byte-source.js';
import { openSafetensors, type Checkpoint } from './safetensors.js';
import { isPickled, isZip, openTorch } from './torch/openTorch.js';

/**
 * Opens weights by what the file is, whatever it is called: safetensors, or what torch's `save` has made.
 * @throws WeightsError naming the source for a file that is neither.
 */
export async function openWeights(source: ByteSource): Promise<Checkpoint> {
  const head = await source.read(0, Math.min(4, source.size));
  return isZip(head) || isPickled(head) ? openTorch(source) : openSafetensors(source);
}
