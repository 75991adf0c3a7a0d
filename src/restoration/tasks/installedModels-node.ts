import { existsSync } from 'node:fs';
import { packagePath } from '../../models/packageFolder-node.js';
import { knownModels, type KnownModel } from './tasks.js';

/** The known models that the package holds. Asks the file system alone, for the help of a command. */
export function installedModels(): readonly KnownModel[] {
  return knownModels.filter(({ name }) => existsSync(packagePath('models', name, 'config.json')));
}
