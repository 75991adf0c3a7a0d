// The forward process of a diffusion model: x_t = sqrt(alphasCumprod[t]) x_0 + sqrt(1 - alphasCumprod[t]) noise.

/** How betas are spread, by the names of diffusers. */
export const betaSchedules = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;
export type BetaSchedule = (typeof betaSchedules)[number];

export interface NoiseScheduleConfig {
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: BetaSchedule;
  /** Betas given one by one instead; null for those of `betaSchedule`. */
  readonly trainedBetas: readonly number[] | null;
  /** Whether the last timestep is made pure noise (Lin et al. 2023, arXiv 2305.08891, algorithm 1). */
  readonly rescaleBetasZeroSnr: boolean;
}

/** Tables over the training timesteps 0..numTrainTimesteps-1, float64. */
export interface NoiseSchedule {
  readonly betas: Float64Array;
  /** The signal's share of the variance, decreasing; 0 at the end of a zero-SNR schedule. */
  readonly alphasCumprod: Float64Array;
}

/** The schedule of every published SD 1.x checkpoint. */
export const stableDiffusionNoise: NoiseScheduleConfig = {
  numTrainTimesteps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: 'scaled_linear',
  trainedBetas: null,
  rescaleBetasZeroSnr: false,
};

/** Computes the tables of a configuration. */
export function createNoiseSchedule(config: NoiseScheduleConfig): NoiseSchedule {
  const given = config.trainedBetas ? Float64Array.from(config.trainedBetas) : betasOf(config);
  const betas = config.rescaleBetasZeroSnr ? rescaleZeroTerminalSnr(given) : given;
  return { betas, alphasCumprod: cumulativeAlphas(betas) };
}

function betasOf(config: NoiseScheduleConfig): Float64Array {
  const { numTrainTimesteps: count, betaStart, betaEnd } = config;
  switch (config.betaSchedule) {
    case 'linear':
      return linspace(betaStart, betaEnd, count);
    case 'scaled_linear':
      return linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), count).map((root) => root ** 2);
    case 'squaredcos_cap_v2': {
      // Nichol and Dhariwal 2021, eq. 17; capped, because the last beta would be 1.
      const alphaBar = (t: number) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
      return Float64Array.from({ length: count }, (_, t) =>
        Math.min(1 - alphaBar((t + 1) / count) / alphaBar(t / count), 0.999),
      );
    }
  }
}

function cumulativeAlphas(betas: Float64Array): Float64Array {
  let product = 1;
  return betas.map((beta) => (product *= 1 - beta));
}

function rescaleZeroTerminalSnr(betas: Float64Array): Float64Array {
  const roots = cumulativeAlphas(betas).map(Math.sqrt);
  const [first, last] = [roots[0], roots[roots.length - 1]];
  const shifted = roots.map((root) => ((root - last) * first) / (first - last));
  return shifted.map((root, t) => 1 - (t === 0 ? root : root / shifted[t - 1]) ** 2);
}

/** `count` numbers from `start` to `end`, both included. */
export function linspace(start: number, end: number, count: number): Float64Array {
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  return Float64Array.from({ length: count }, (_, i) =>
    i > 0 && i === count - 1 ? end : start + i * step,
  );
}
