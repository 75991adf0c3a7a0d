import { linspace } from './noiseSchedule.js';

/** Where inference takes its timesteps from those of training (Lin et al. 2023, table 2), by the names of diffusers. */
export const timestepSpacings = ['leading', 'trailing', 'linspace'] as const;
export type TimestepSpacing = (typeof timestepSpacings)[number];

export interface SpacingOptions {
  readonly spacing: TimestepSpacing;
  readonly numTrainTimesteps: number;
  /** Added to `leading` timesteps: 1 in SD 1.x, so that they end at 1. */
  readonly stepsOffset: number;
}

/**
 * `steps` timesteps, falling. Those of `linspace` are fractional.
 * @throws RangeError for no steps, or more than there are timesteps.
 */
export function spacedTimesteps(steps: number, options: SpacingOptions): number[] {
  const { spacing, numTrainTimesteps: total, stepsOffset } = options;
  if (!Number.isInteger(steps) || steps < 1 || steps > total) {
    throw new RangeError(`expected 1 to ${total} steps, got ${steps}`);
  }
  switch (spacing) {
    case 'leading': {
      const stride = Math.floor(total / steps);
      return Array.from({ length: steps }, (_, i) => (steps - 1 - i) * stride + stepsOffset);
    }
    case 'trailing':
      return Array.from(
        { length: steps },
        (_, i) => roundHalfEven(total - (i * total) / steps) - 1,
      );
    case 'linspace':
      return [...linspace(0, total - 1, steps)].reverse();
  }
}

/** Rounds as numpy does, halves to the even neighbour. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The first of `steps` steps that image-to-image runs: at strength 1 all of them, at 0 none is left.
 * @throws RangeError for a strength outside (0, 1], or one that leaves no step.
 */
export function imageToImageStart(steps: number, strength: number): number {
  if (!(strength > 0 && strength <= 1)) {
    throw new RangeError(`expected a strength above 0 and at most 1, got ${strength}`);
  }
  const run = Math.min(Math.floor(steps * strength), steps);
  if (run < 1) {
    throw new RangeError(
      `expected a strength of at least ${(1 / steps).toPrecision(2)} at ${steps} steps, got ${strength}`,
    );
  }
  return steps - run;
}
