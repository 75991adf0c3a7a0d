import type { Random } from '../../tensor/index.js';
import {
  gaussianProcess,
  logMarginalLikelihood,
  type GaussianProcess,
  type KernelParameters,
  type Observations,
} from './gaussianProcess.js';
import { minimizeBounded, type Minimum } from './minimizeBounded.js';

/** A normal distribution of a parameter's logarithm. */
interface LogNormal {
  readonly mean: number;
  readonly deviation: number;
}

/** Of inputs in [0, 1]; far wider than any that a likelihood should choose. */
const lengthScaleBounds = [0.02, 100];
const noiseBounds = [1e-6, 1];
/** Of logarithms, by which the likelihood is a thousandth steep: no prediction shows the rest. */
const accuracy = { maxIterations: 60, tolerance: 1e-3 };
/** Broad, and centred on little noise: the same network measured twice from the same seeds gives the same. */
const noisePrior: LogNormal = { mean: Math.log(1e-3), deviation: 2 };

/**
 * Long length scales are likely, the more so in many dimensions; without it, the most likely length scales of a
 * few observations are often far too short (Hvarfner, Hellsten and Nardi 2024, "Vanilla Bayesian
 * optimization performs great in high dimensions").
 */
function lengthScalePrior(dimensions: number): LogNormal {
  return { mean: Math.SQRT2 + Math.log(dimensions) / 2, deviation: Math.sqrt(3) };
}

/**
 * Fits length scales and noise of a Gaussian process to observations: the greatest marginal likelihood times
 * broad priors, the best of several starts, all but the first of them random.
 * @param observations inputs in [0, 1].
 */
export function fitGaussianProcess(
  observations: Observations,
  random: Random,
  starts = 3,
): GaussianProcess {
  const dimensions = observations.inputs[0].length;
  const prior = lengthScalePrior(dimensions);
  const bounds = {
    lower: logarithms(lengthScaleBounds[0], noiseBounds[0], dimensions),
    upper: logarithms(lengthScaleBounds[1], noiseBounds[1], dimensions),
  };
  let best: Minimum | undefined;
  for (let i = 0; i < starts; i++) {
    const start = Array.from({ length: dimensions }, () =>
      i === 0 ? 0 : Math.log(0.2) + random.uniform() * Math.log(25),
    );
    const found = minimizeBounded(
      (logs) => negativePosterior(observations, logs, prior),
      [...start, noisePrior.mean],
      bounds,
      accuracy,
    );
    if (!best || found.value < best.value) best = found;
  }
  if (!best) throw new RangeError('expected at least one start');
  return gaussianProcess(observations, parametersOf(best.point));
}

function negativePosterior(
  observations: Observations,
  logs: Float64Array,
  prior: LogNormal,
): { readonly value: number; readonly gradient: Float64Array } {
  const likelihood = logMarginalLikelihood(observations, parametersOf(logs));
  let value = -likelihood.value;
  const gradient = likelihood.gradient.map((slope) => -slope);
  for (let d = 0; d < logs.length; d++) {
    const { mean, deviation } = d + 1 < logs.length ? prior : noisePrior;
    const distance = (logs[d] - mean) / deviation;
    value += 0.5 * distance * distance;
    gradient[d] += distance / deviation;
  }
  return { value, gradient };
}

function parametersOf(logs: Float64Array): KernelParameters {
  const values = Array.from(logs, Math.exp);
  return { lengthScales: values.slice(0, -1), noise: values[values.length - 1] };
}

function logarithms(lengthScale: number, noise: number, dimensions: number): number[] {
  return [...Array.from({ length: dimensions }, () => Math.log(lengthScale)), Math.log(noise)];
}
