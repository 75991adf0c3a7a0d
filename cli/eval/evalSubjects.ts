import { readFile, stat } from 'node:fs/promises';
import { parse } from 'yaml';
import {
  ConfigError,
  degradationPresets,
  degradationSchema,
  parseConfig,
  type Degradation,
} from '../../src/index.js';
import {
  degradedSubjects,
  listImagePairs,
  loneSubjects,
  pairedSubjects,
  type Subject,
} from '../../src/node.js';
import { UsageError } from '../terminal/failures.js';
import type { EvalFlags } from './evalFlags.js';

/**
 * What the flags ask to restore: pairs, originals that are degraded on the fly, or pictures without originals.
 * @throws UsageError, ConfigError, ImageFileError.
 */
export async function openSubjects(flags: EvalFlags, scale: number): Promise<Subject[]> {
  const { hr, lr, degradation, seed } = flags;
  if (degradation !== undefined) {
    if (hr === undefined) throw new UsageError('expected --hr, the originals to degrade');
    if (lr !== undefined) {
      throw new UsageError('expected either --lr or --degradation, which makes it, got both');
    }
    return degradedSubjects(hr, { degradation: await readDegradation(degradation), scale, seed });
  }
  if (hr !== undefined) return pairedSubjects(await listImagePairs(hr, lr ?? hr), scale);
  if (lr !== undefined) return loneSubjects(lr);
  throw new UsageError('expected --hr, the originals, or --lr, pictures without originals');
}

/** A preset by its name, or a degradation as a training config holds it, in a YAML or JSON file. */
async function readDegradation(nameOrPath: string): Promise<Degradation> {
  if (degradationPresets.some((name) => name === nameOrPath)) {
    return degradationSchema.parse(nameOrPath);
  }
  const found = await stat(nameOrPath).catch(() => undefined);
  if (!found?.isFile()) {
    const names = degradationPresets.join(', ');
    throw new ConfigError(`${nameOrPath}: expected a file, or one of ${names}, got neither`);
  }
  return parseConfig(
    degradationSchema,
    parseYaml(await readFile(nameOrPath, 'utf8'), nameOrPath),
    nameOrPath,
  );
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new ConfigError(`${path}: ${(error as Error).message.split('\n')[0]}`);
  }
}
