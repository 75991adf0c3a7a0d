import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../../models/modelFiles-node.js';
import { isSqueezenet, squeezenetFeatures } from '../../models/index.js';
import { readSafetensorsFile } from '../../weights/safetensors-node.js';
import type { FeatureMaps } from './perceptual.js';

/**
 * Opens the network of a perceptual loss: the weights of SqueezeNet 1.1 (torchvision's names) as a safetensors file, or the folder
 * of its `model.safetensors`.
 * @throws ModelError when it is not there or another network.
 */
export async function openFeatureMaps(path: string): Promise<FeatureMaps> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new ModelError(`${path}: no such file or folder`);
  const file = found.isDirectory() ? join(path, 'model.safetensors') : path;
  const { tensors } = await readSafetensorsFile(file);
  if (!isSqueezenet(tensors)) {
    throw new ModelError(
      `${file}: expected the weights of SqueezeNet 1.1 (features.0.weight, ...)`,
    );
  }
  return (b, picture) => squeezenetFeatures(b, tensors, picture);
}
