import type { RunIdentity } from '../training/index.js';
import type { DistillSettings } from './distillSettings.js';

/** All that a process, here or on another machine, needs to train surrogates: plain data. */
export interface DistillPlan {
  /** Paths: the teacher's checkpoint, the folders of photographs, the folder of surrogates. */
  readonly teacher: string;
  readonly photos: readonly string[];
  readonly folder: string;
  /** Where latents of photographs are kept. */
  readonly latents: string;
  readonly settings: DistillSettings;
  /** The settings, and fingerprints of what the paths point to. */
  readonly identity: RunIdentity;
}

/** What decides where, how often or for how long something is computed, not what. */
const harmless = new Set(['checkpointing_minutes']);

/** The identity of a run: what has to stay the same for its surrogates to be the same. */
export function distillationIdentity(
  settings: DistillSettings,
  sources: Readonly<Record<string, string>>,
): RunIdentity {
  const entries = Object.entries(settings).filter(([key]) => !harmless.has(key));
  return { ...Object.fromEntries(entries), ...sources };
}
