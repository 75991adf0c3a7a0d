import { join } from 'node:path';
import { ConfigError } from '../models/index.js';
import { makeFolder } from '../weights/makeFolder-node.js';
import { alignStage, compareStage, vaeStage } from './alignStages-node.js';
import { distillStage, profileStage, searchStage } from './distillStages-node.js';
import { planFamily } from './familyPlan-node.js';
import { familyStage } from './familyStage-node.js';
import type { PipelineConfig } from './pipelineConfig.js';
import { runStages } from './runStages-node.js';
import type { PipelineEvent } from './stage.js';

/** In the order in which they run. */
const familyStages = [
  profileStage,
  distillStage,
  searchStage,
  vaeStage,
  alignStage,
  compareStage,
  familyStage,
] as const;

/** A pipeline that is ready to run. */
export interface FamilyPipeline {
  /** Names of the stages, in the order in which they run. */
  readonly stages: readonly string[];
  /** Runs what is not done yet; gives the folder of each stage. */
  run(
    signal: AbortSignal,
    onEvent: (event: PipelineEvent) => void,
  ): Promise<ReadonlyMap<string, string>>;
}

/**
 * Prepares the pipeline from a teacher to its family (NanoSD, all stages), up to and including `until`.
 * @throws ConfigError for an `until` that is no stage; ModelError, ConfigError or WeightsError when the teacher or the
 * photographs cannot be used.
 */
export async function openFamilyPipeline(
  config: PipelineConfig,
  until = 'family',
): Promise<FamilyPipeline> {
  const plan = await planFamily(config);
  const stages = familyStages.map((stage) => stage(plan));
  const names = stages.map(({ name }) => name);
  const last = names.indexOf(until);
  if (last < 0) throw new ConfigError(`expected a stage (${names.join(', ')}), got ${until}`);
  const folder = join(config.output_dir, 'stages');
  return {
    stages: names.slice(0, last + 1),
    async run(signal, onEvent) {
      await makeFolder(folder);
      return runStages(stages.slice(0, last + 1), { folder, signal, onEvent });
    },
  };
}
