// Noise levels as sigma = noise / signal (Karras et al. 2022), in which Euler and DPM-Solver++ step.

import { linspace, type NoiseSchedule } from './noiseSchedule.js';
import type { NoiseLevel } from './predictionType.js';

/** The sigma of each training timestep, rising; that of pure noise is 4096, not infinite. */
export function sigmasOfSchedule({ alphasCumprod }: NoiseSchedule): Float64Array {
  return alphasCumprod.map((share) => {
    const signal = Math.max(share, 2 ** -24);
    return Math.sqrt((1 - signal) / signal);
  });
}

/** The same level, as parts of a sample of variance 1. */
export function levelOfSigma(sigma: number): NoiseLevel {
  const alpha = 1 / Math.sqrt(sigma ** 2 + 1);
  return { alpha, sigma: sigma * alpha };
}

/** The sigma of a timestep that may be fractional, between those of its neighbours. */
export function sigmaAt(sigmas: Float64Array, timestep: number): number {
  const low = Math.min(Math.max(Math.floor(timestep), 0), sigmas.length - 2);
  const part = Math.min(Math.max(timestep - low, 0), 1);
  return sigmas[low] + part * (sigmas[low + 1] - sigmas[low]);
}

/** The fractional timestep of a sigma: linear in its logarithm between those of the schedule. */
export function timestepOfSigma(sigmas: Float64Array, sigma: number): number {
  let low = 0;
  while (low < sigmas.length - 2 && sigmas[low + 1] <= sigma) low++;
  const [below, above] = [Math.log(sigmas[low]), Math.log(sigmas[low + 1])];
  const part = (Math.log(Math.max(sigma, 1e-10)) - below) / (above - below);
  return low + Math.min(Math.max(part, 0), 1);
}

/** `count` sigmas from `largest` to `smallest`, evenly spaced in their seventh root (Karras et al. 2022, eq. 5). */
export function karrasSigmas(largest: number, smallest: number, count: number): number[] {
  const rho = 7;
  return [...linspace(largest ** (1 / rho), smallest ** (1 / rho), count)].map((x) => x ** rho);
}
