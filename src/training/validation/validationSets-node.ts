import { listImagePairs, type ImagePair } from '../../image/imagePairs-node.js';
import { ConfigError } from '../../models/index.js';
import type { PhotoFile } from '../data/photoFile.js';
import { listPhotos } from '../data/photoFolder-node.js';

/** Pairs by the name of their set. */
export type PairSets = ReadonlyMap<string, readonly ImagePair[]>;

/** Pictures by the name of their set. */
export type PhotoSets = ReadonlyMap<string, readonly PhotoFile[]>;

/**
 * The pairs of every validation set; none where there is no validation.
 * @throws ConfigError listing every set whose folders cannot be paired.
 */
export function listPairSets(
  validation: Validation<{ readonly hr: string; readonly lr: string }>,
): Promise<PairSets> {
  return listSets(validation, ({ hr, lr }) => listImagePairs(hr, lr));
}

/**
 * The pictures of every validation set; none where there is no validation.
 * @throws ConfigError listing every set whose folder has none.
 */
export function listPhotoSets(
  validation: Validation<{ readonly photos: string }>,
): Promise<PhotoSets> {
  return listSets(validation, ({ photos }) => listPhotos([photos]));
}

type Validation<S> = { readonly sets: Readonly<Record<string, S>> } | undefined;

async function listSets<S, T>(
  validation: Validation<S>,
  list: (set: S) => Promise<readonly T[]>,
): Promise<Map<string, readonly T[]>> {
  const problems: string[] = [];
  const sets = new Map<string, readonly T[]>();
  for (const [name, set] of Object.entries(validation?.sets ?? {})) {
    try {
      sets.set(name, await list(set));
    } catch (error) {
      problems.push(`validation.sets.${name}: ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return sets;
}
