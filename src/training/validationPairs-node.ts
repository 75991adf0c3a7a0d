import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { ConfigError } from '../models/index.js';
import type { TrainingConfig } from './config.js';

type ValidationSets = NonNullable<TrainingConfig['validation']>['sets'];

/** A picture and what it is to be restored from. */
export interface ImagePair {
  /** Of the picture's file, without extension. */
  readonly name: string;
  readonly hr: string;
  readonly lr: string;
}

const images = /\.(jpe?g|png|webp|avif|tiff?|bmp)$/i;

/**
 * The pairs of every validation set, by sorted name.
 * @throws ConfigError listing every set whose folders are missing, empty or of different lengths.
 */
export async function listValidationPairs(
  sets: ValidationSets,
): Promise<ReadonlyMap<string, readonly ImagePair[]>> {
  const problems: string[] = [];
  const pairs = new Map<string, readonly ImagePair[]>();
  for (const [name, { hr, lr }] of Object.entries(sets)) {
    const [targets, samples] = [await listImages(hr, 'HR'), await listImages(lr, 'LR')];
    if (targets.length === 0 || targets.length !== samples.length) {
      const found = `${targets.length} in ${hr} and ${samples.length} in ${lr}`;
      problems.push(`validation.sets.${name}: expected as many pictures in both, got ${found}`);
    }
    pairs.set(
      name,
      targets.map((path, i) => ({ name: parse(path).name, hr: path, lr: samples[i] })),
    );
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return pairs;
}

/** Where some names of a folder end in `_HR` or `_LR`, only those of the one side. */
async function listImages(folder: string, side: 'HR' | 'LR'): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const all = names.filter((name) => images.test(name)).sort();
  const marked = all.filter((name) => parse(name).name.toUpperCase().endsWith(`_${side}`));
  return (marked.length > 0 ? marked : all).map((name) => join(folder, name));
}
