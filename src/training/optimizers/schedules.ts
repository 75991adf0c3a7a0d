/** Learning-rate schedules, by the names and formulas of `diffusers.optimization`. */
export interface ScheduleConfig {
  readonly kind: 'constant' | 'linear' | 'cosine';
  /** Steps over which the rate rises linearly from 0. */
  readonly warmupSteps: number;
  /** The share of the base rate that decaying schedules end at. */
  readonly finalFactor: number;
}

/** The factor on the base learning rate at 0-based `step` of `totalSteps`. */
export function scheduleFactor(config: ScheduleConfig, step: number, totalSteps: number): number {
  const { kind, warmupSteps, finalFactor } = config;
  if (step < warmupSteps) return step / Math.max(1, warmupSteps);
  if (kind === 'constant') return 1;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const remaining = kind === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
  return finalFactor + (1 - finalFactor) * remaining;
}
