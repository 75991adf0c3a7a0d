import { ConfigError } from '../models/index.js';

/** The channels of a level, and what a narrower one's must be a multiple of. */
export interface LevelWidth {
  readonly channels: number;
  readonly unit: number;
}

/**
 * The channels of each level of a network of `width`, rounded up to a multiple of its unit.
 * @throws ConfigError for a width outside (0, 1], or one that makes neighbouring levels alike that were not: the
 * network would have no shortcut where the wider one has learned one.
 */
export function narrowedWidths(levels: readonly LevelWidth[], width: number): readonly number[] {
  if (!(width > 0 && width <= 1)) {
    throw new ConfigError(`expected a width above 0 and at most 1, got ${width}`);
  }
  const narrowed = levels.map(({ channels, unit }) => {
    // Products such as 0.7 x 320 may be a hair above what they are.
    return Math.ceil(Number(((channels * width) / unit).toFixed(9))) * unit;
  });
  levels.forEach(({ channels }, i) => {
    if (i === 0 || narrowed[i] !== narrowed[i - 1] || channels === levels[i - 1].channels) return;
    throw new ConfigError(
      `expected a width that keeps levels of ${levels[i - 1].channels} and ${channels} channels apart, ` +
        `got ${width}, which gives both ${narrowed[i]}`,
    );
  });
  return narrowed;
}
