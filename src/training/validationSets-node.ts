import { listImagePairs, type ImagePair } from '../image/imagePairs-node.js';
import { ConfigError } from '../models/index.js';
import type { TrainingConfig } from './config.js';

/** Pairs by the name of their set. */
export type ValidationSets = ReadonlyMap<string, readonly ImagePair[]>;

/**
 * The pairs of every validation set of a config; none where it has no validation.
 * @throws ConfigError listing every set whose folders cannot be paired.
 */
export async function listValidationSets({ validation }: TrainingConfig): Promise<ValidationSets> {
  const problems: string[] = [];
  const sets = new Map<string, readonly ImagePair[]>();
  for (const [name, { hr, lr }] of Object.entries(validation?.sets ?? {})) {
    try {
      sets.set(name, await listImagePairs(hr, lr));
    } catch (error) {
      problems.push(`validation.sets.${name}: ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return sets;
}
