import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The path of a file or folder that the package ships, such as `models`. The sources and what is compiled
 * from them lie at different depths, so the package is found by its manifest.
 */
export function packagePath(...names: readonly string[]): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  return join(folder, ...names);
}
