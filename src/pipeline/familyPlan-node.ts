import { join } from 'node:path';
import { listPhotos, photosFingerprint } from '../training/data/photoFolder-node.js';
import { checkpointFingerprint } from './checkpointFingerprint-node.js';
import type { PipelineConfig } from './pipelineConfig.js';
import type { Settings, Stage } from './stage.js';

/** What all stages of a family know. */
export interface FamilyPlan {
  readonly config: PipelineConfig;
  /** Digests of what paths in the config point to. */
  readonly sources: {
    readonly teacher: string;
    readonly photos: string;
    readonly validation: string;
  };
  /** Latents of photographs, which stages share. */
  readonly latents: string;
}

/**
 * Looks at what a config points to.
 * @throws ModelError, ConfigError or WeightsError when the teacher or the photographs cannot be used.
 */
export async function planFamily(config: PipelineConfig): Promise<FamilyPlan> {
  const fingerprint = async (folders: readonly string[]): Promise<string> =>
    photosFingerprint(await listPhotos(folders));
  return {
    config,
    sources: {
      photos: await fingerprint(config.photos),
      validation: await fingerprint([config.validation]),
      teacher: await checkpointFingerprint(config.teacher),
    },
    latents: join(config.output_dir, 'latents'),
  };
}

/** A config's section as settings: what is left out is not part of it. */
export function settingsOf(section: object): Settings {
  return JSON.parse(JSON.stringify(section)) as Settings;
}

export type FamilyStage = (plan: FamilyPlan) => Stage;
