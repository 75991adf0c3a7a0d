import type { PlainStep } from './kinds/kinds.js';
import type { DegradationPreset } from './presets/presetNames.js';

/** One of several degradations, by weight. */
export interface ChoiceDegradation {
  readonly kind: 'choice';
  readonly of: readonly { readonly weight: number; readonly step: Degradation }[];
}

/** Degradations one after the other, then bicubic to 1/`scale` of the size that came in. */
export interface SequenceDegradation {
  readonly kind: 'sequence';
  readonly steps: readonly Degradation[];
  /** Null leaves the size as the steps made it. */
  readonly scale: number | null;
}

/** A chain that has a name; it takes the scale of the task. */
export interface PresetDegradation {
  readonly kind: 'preset';
  readonly name: DegradationPreset;
  /** Multiplies amounts: deviations, radii, what a quality lacks to 100. 1 as it is; how often things come stays. */
  readonly strength: number;
}

/** What happens to a good image: plain data, so that a training config can hold it (`degradationSchema`). */
export type Degradation = PlainStep | ChoiceDegradation | SequenceDegradation | PresetDegradation;
