import { ConfigError, type StagedUnetConfig } from '../models/index.js';

/**
 * The config with the first `width` of each level's channels, rounded up to what its group norms and heads
 * divide by. `inheritUnet` gives the weights.
 * @throws ConfigError for a width outside (0, 1].
 */
export function narrowUnet(config: StagedUnetConfig, width: number): StagedUnetConfig {
  if (!(width > 0 && width <= 1)) {
    throw new ConfigError(`expected a width above 0 and at most 1, got ${width}`);
  }
  const levels = config.levels.map((level) => {
    const unit = leastCommonMultiple(config.normNumGroups, level.heads);
    return { ...level, channels: Math.ceil((level.channels * width) / unit) * unit };
  });
  return { ...config, levels };
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
