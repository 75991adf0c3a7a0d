import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { ConfigError } from '../../src/index.js';
import { parseTrainingConfig, type TrainingConfig } from '../../src/training.js';

export interface TrainingConfigFile {
  readonly config: TrainingConfig;
  /** As it was read. */
  readonly text: string;
}

/**
 * Reads a YAML training config; paths in it are taken to be relative to the file.
 * @throws ConfigError naming every wrong key.
 */
export async function readTrainingConfig(path: string): Promise<TrainingConfigFile> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`${path}: expected a YAML file (${(error as Error).message})`);
  });
  const beside = (name: string): string => resolve(dirname(path), name);
  return { config: parseTrainingConfig(parseYaml(text, path), path, beside), text };
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new ConfigError(`${path}: ${(error as Error).message.split('\n')[0]}`);
  }
}
