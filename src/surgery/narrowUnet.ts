import type { StagedUnetConfig } from '../models/index.js';
import { narrowedWidths } from './narrowedWidths.js';

/**
 * The config with `width` of each level's channels, rounded up to what its group norms and heads divide by.
 * `inheritUnet` gives the weights.
 * @throws ConfigError for a width outside (0, 1], or one that makes levels alike that were not.
 */
export function narrowUnet(config: StagedUnetConfig, width: number): StagedUnetConfig {
  const widths = config.levels.map(({ channels, heads }) => {
    return { channels, unit: leastCommonMultiple(config.normNumGroups, heads) };
  });
  const narrowed = narrowedWidths(widths, width);
  const levels = config.levels.map((level, i) => ({ ...level, channels: narrowed[i] }));
  return { ...config, levels };
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
