import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { ConfigError } from '../src/index.js';
import { parseTrainingConfig, type TrainingConfig } from '../src/training.js';

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
  return { config: resolvePaths(parseTrainingConfig(parseYaml(text, path), path), path), text };
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new ConfigError(`${path}: ${(error as Error).message.split('\n')[0]}`);
  }
}

function resolvePaths(config: TrainingConfig, path: string): TrainingConfig {
  const beside = (name: string): string => resolve(dirname(path), name);
  const { initial_weights, validation } = config;
  return {
    ...config,
    output_dir: beside(config.output_dir),
    data: { ...config.data, photos: config.data.photos.map(beside) },
    ...(initial_weights === undefined ? {} : { initial_weights: beside(initial_weights) }),
    ...(validation === undefined
      ? {}
      : {
          validation: {
            ...validation,
            sets: Object.fromEntries(
              Object.entries(validation.sets).map(([name, { hr, lr }]) => [
                name,
                { hr: beside(hr), lr: beside(lr) },
              ]),
            ),
          },
        }),
  };
}
