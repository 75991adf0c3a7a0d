import {
  ConfigError,
  nanosdRestorerConfigSchema,
  parseConfig,
  restorerConfig,
} from '../../../models/index.js';
import type { Objective } from '../objective.js';
import { sampleSizeProblem } from '../restorer/config.js';
import { openRestorerObjective } from '../restorer/objective-node.js';
import type { FamilyRestorerTraining } from './config.js';
import { openFamily, type Family } from './family-node.js';
import { firstWeights } from './weights-node.js';

/**
 * Restoring photographs with a member of the family in the middle: data, losses and validation are a restorer's.
 * @throws ConfigError, ModelError or WeightsError for data or a checkpoint that cannot be used.
 */
export async function openFamilyRestorerObjective(
  config: FamilyRestorerTraining,
): Promise<Objective> {
  const family = await familyOf(config);
  const problem = sampleSizeProblem(restorerConfig(family.file), config.data.sample_size);
  if (problem !== null) {
    throw new ConfigError(`data.sample_size: ${problem}, got ${config.data.sample_size}`);
  }
  const run = { ...config, model: family.file };
  return openRestorerObjective(run, {
    weights: (_, random, photos) => firstWeights(config, family, random, photos),
    sources: { initial_checkpoint: family.fingerprint },
  });
}

async function familyOf(config: FamilyRestorerTraining): Promise<Family> {
  const { initial_checkpoint: path, model } = config;
  if (path !== undefined) return openFamily(config, path);
  const file = parseConfig(nanosdRestorerConfigSchema, model, 'model');
  return { file, weights: new Map(), fingerprint: 'none' };
}
