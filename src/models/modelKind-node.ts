import { extname, join } from 'node:path';
import { openWeightsFile } from '../weights/openWeightsFile-node.js';
import { recognizeForeign } from './foreign/index.js';
import { kindOf, ModelError, modelPlaces, readConfigFile } from './modelFiles-node.js';
import { listModels } from './modelFolder-node.js';
import { configFileName } from './networkFolder-node.js';
import { indexFileName } from './openCheckpoint-node.js';
import { isRestorerClass } from './restorerConfig.js';

/** What somebody may name as a model: each kind has a function of its own that opens it. */
export type ModelKind = 'checkpoint' | 'network' | 'restorer';

/**
 * Tells what a model is, by its path or its name in the package, and where it lies.
 * @throws ModelError when there is no model; the message lists those of the package.
 */
export async function findModelKind(model: string): Promise<{ kind: ModelKind; path: string }> {
  for (const path of modelPlaces(model)) {
    if ((await kindOf(path)) === 'file') return { kind: await kindOfFile(path), path };
    if (await kindOf(join(path, indexFileName))) return { kind: 'checkpoint', path };
    if ((await kindOf(join(path, configFileName))) === undefined) continue;
    const { _class_name: className } = await readConfigFile(join(path, configFileName));
    return { kind: isRestorerClass(className) ? 'restorer' : 'network', path };
  }
  const names = await listModels();
  throw new ModelError(
    `${model}: expected a folder with a ${indexFileName} or a ${configFileName}, a .safetensors, .pth, .ckpt or .onnx file, ` +
      `or one of ${names.join(', ')}, got none of them`,
  );
}

/** A single file is a checkpoint, or a network of another program, as its keys say. */
async function kindOfFile(path: string): Promise<ModelKind> {
  if (extname(path).toLowerCase() === '.onnx') return 'restorer';
  await using file = await openWeightsFile(path);
  return recognizeForeign(file.entries) ? 'restorer' : 'checkpoint';
}
