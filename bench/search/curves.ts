import type { StrategyName } from 'nanosd/training';

/** The runs of a strategy on a problem: of each seed, the share of the true hypervolume after each evaluation. */
export interface Curves {
  readonly problem: string;
  readonly strategy: StrategyName;
  readonly seeds: readonly (readonly number[])[];
  /** Processor time of a suggestion after the initial design. */
  readonly msOfSuggestion: number;
}
