/** Of all cells of a channel. */
export interface ChannelStatistics {
  readonly mean: number;
  readonly std: number;
}

/** Latents `[1, channels, h, w]`, one of each picture. */
type Latents = readonly Float64Array[];

/** Mean and deviation of each channel of two sets of latents, both multiplied with `scale`. */
export function compareLatents(
  { teacher, student }: { readonly teacher: Latents; readonly student: Latents },
  channels: number,
  scale: number,
): { teacher: ChannelStatistics; student: ChannelStatistics }[] {
  const statistics = [teacher, student].map((latents) => channelStatistics(latents, channels));
  return statistics[0].map((_, channel) => {
    const [t, s] = statistics.map((all) => ({
      mean: all[channel].mean * scale,
      std: all[channel].std * scale,
    }));
    return { teacher: t, student: s };
  });
}

/**
 * The root of the squared difference over that of what is expected: of its deviation from the mean of its
 * channel or, without `channels`, of itself.
 */
export function relativeError(got: Latents, expected: Latents, channels: number | null): number {
  const statistics = channels === null ? null : channelStatistics(expected, channels);
  let [error, total] = [0, 0];
  expected.forEach((values, i) => {
    values.forEach((value, at) => {
      const channel = statistics ? Math.floor((at * statistics.length) / values.length) : 0;
      error += (got[i][at] - value) ** 2;
      total += (value - (statistics?.[channel].mean ?? 0)) ** 2;
    });
  });
  return Math.sqrt(error / total);
}

export function channelStatistics(latents: Latents, channels: number): ChannelStatistics[] {
  return Array.from({ length: channels }, (_, channel) => {
    let [count, sum, squares] = [0, 0, 0];
    for (const values of latents) {
      const cells = values.length / channels;
      for (const value of values.subarray(channel * cells, (channel + 1) * cells)) {
        count += 1;
        sum += value;
        squares += value * value;
      }
    }
    const mean = sum / count;
    return { mean, std: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
  });
}
