import { join } from 'node:path';
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
    if ((await kindOf(path)) === 'file' || (await kindOf(join(path, indexFileName)))) {
      return { kind: 'checkpoint', path };
    }
    if ((await kindOf(join(path, configFileName))) === undefined) continue;
    const { _class_name: className } = await readConfigFile(join(path, configFileName));
    return { kind: isRestorerClass(className) ? 'restorer' : 'network', path };
  }
  const names = await listModels();
  throw new ModelError(
    `${model}: expected a folder with a ${indexFileName} or a ${configFileName}, a .safetensors file, ` +
      `or one of ${names.join(', ')}, got none of them`,
  );
}
