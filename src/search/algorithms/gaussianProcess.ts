import {
  cholesky,
  inverseFromCholesky,
  logDeterminant,
  solveCholesky,
  solveLower,
} from '../../tensor/cholesky.js';

/** Where a function was measured and what came out. */
export interface Observations {
  /** Each of the same dimension. */
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly number[];
}

/** What the likelihood is maximised over; the mean and the variance of the signal follow from them. */
export interface KernelParameters {
  /** One for each input dimension: the distance over which the function changes. */
  readonly lengthScales: readonly number[];
  /** The variance of the noise of an observation over the variance of the signal. */
  readonly noise: number;
}

export interface Prediction {
  readonly mean: number;
  /** The standard deviation of the function itself, without the noise of an observation. */
  readonly deviation: number;
}

/**
 * A Gaussian process with a constant mean and a Matern 5/2 kernel with one length scale for each input
 * dimension (automatic relevance determination), given observations.
 */
export interface GaussianProcess {
  readonly parameters: KernelParameters;
  readonly mean: number;
  readonly variance: number;
  predict(input: readonly number[]): Prediction;
  /** The process when one more observation has been made; kernel, mean and variance stay as they are. */
  observe(input: readonly number[], output: number): GaussianProcess;
}

const root5 = Math.sqrt(5);
/** Below the square of any difference that a measurement can tell, so that constant outputs have a likelihood. */
const smallestVariance = 1e-24;

/** Matern's correlation with smoothness 5/2 at a squared scaled distance (Rasmussen and Williams 2006, 4.17). */
export function matern52(squaredDistance: number): number {
  const scaled = Math.sqrt(5 * squaredDistance);
  return (1 + scaled + (5 / 3) * squaredDistance) * Math.exp(-scaled);
}

/**
 * The process given the observations, with the mean and the variance that make them most likely (the
 * generalised least squares estimates). An affine change of the outputs changes the predictions alike, so
 * that outputs need no standardising.
 * @throws RangeError without observations.
 */
export function gaussianProcess(
  observations: Observations,
  parameters: KernelParameters,
): GaussianProcess {
  const { mean, variance } = regress(observations, parameters);
  return condition(observations, parameters, mean, variance);
}

function condition(
  observations: Observations,
  parameters: KernelParameters,
  mean: number,
  variance: number,
): GaussianProcess {
  const { inputs, outputs } = observations;
  const size = inputs.length;
  const lower = cholesky(correlations(inputs, parameters), size);
  const residual = Float64Array.from(outputs, (output) => output - mean);
  const weights = solveCholesky(lower, size, residual);
  const correlate = correlator(inputs, parameters.lengthScales);
  return {
    parameters,
    mean,
    variance,
    predict(input) {
      const cross = correlate(input);
      const shift = dot(cross, weights);
      const seen = solveLower(lower, size, cross);
      const unexplained = Math.max(0, 1 - dot(seen, seen));
      return { mean: mean + shift, deviation: Math.sqrt(variance * unexplained) };
    },
    observe: (input, output) =>
      condition(
        { inputs: [...inputs, input], outputs: [...outputs, output] },
        parameters,
        mean,
        variance,
      ),
  };
}

/** The correlations of a point with the inputs, in an array that the next call overwrites. */
function correlator(
  inputs: Observations['inputs'],
  lengthScales: readonly number[],
): (point: readonly number[]) => Float64Array {
  const dimensions = lengthScales.length;
  const scaledInputs = Float64Array.from(
    inputs.flatMap((input) => lengthScales.map((scale, d) => input[d] / scale)),
  );
  const scaledPoint = new Float64Array(dimensions);
  const cross = new Float64Array(inputs.length);
  return (point) => {
    for (let d = 0; d < dimensions; d++) scaledPoint[d] = point[d] / lengthScales[d];
    for (let i = 0; i < cross.length; i++) {
      let sum = 0;
      for (let d = 0; d < dimensions; d++) {
        const difference = scaledInputs[i * dimensions + d] - scaledPoint[d];
        sum += difference * difference;
      }
      cross[i] = matern52(sum);
    }
    return cross;
  };
}

/** A log marginal likelihood and its derivatives by the logarithms of the length scales and of the noise. */
export interface Likelihood {
  readonly value: number;
  readonly gradient: Float64Array;
}

/**
 * The log marginal likelihood of the observations (Rasmussen and Williams 2006, 2.30) at the most likely mean
 * and variance. Since it is stationary in those two, its gradient (5.9) needs no terms for them.
 */
export function logMarginalLikelihood(
  observations: Observations,
  parameters: KernelParameters,
): Likelihood {
  const { inputs } = observations;
  const size = inputs.length;
  const { lower, weights, variance } = regress(observations, parameters);
  const value =
    -0.5 * (size * Math.log(2 * Math.PI * variance) + logDeterminant(lower, size) + size);
  const sensitivity = inverseFromCholesky(lower, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      const index = i * size + j;
      sensitivity[index] = 0.5 * ((weights[i] * weights[j]) / variance - sensitivity[index]);
    }
  }
  return { value, gradient: chainToParameters(inputs, parameters, sensitivity) };
}

/** The gradient by the parameters, from that by the entries of the lower triangle of the correlation matrix. */
function chainToParameters(
  inputs: Observations['inputs'],
  { lengthScales, noise }: KernelParameters,
  sensitivity: Float64Array,
): Float64Array {
  const size = inputs.length;
  const dimensions = lengthScales.length;
  const rates = lengthScales.map((scale) => 1 / scale);
  const gradient = new Float64Array(dimensions + 1);
  for (let i = 0; i < size; i++) {
    gradient[dimensions] += noise * sensitivity[i * size + i];
    for (let j = 0; j < i; j++) {
      const scaled = root5 * Math.sqrt(squaredDistance(inputs[i], inputs[j], rates));
      // Both triangles; d matern52 / d(squared distance) = -5/6 (1 + scaled) exp(-scaled).
      const slope = (2 * 5 * (1 + scaled) * Math.exp(-scaled) * sensitivity[i * size + j]) / 3;
      for (let d = 0; d < dimensions; d++) {
        const difference = (inputs[i][d] - inputs[j][d]) * rates[d];
        gradient[d] += slope * difference * difference;
      }
    }
  }
  return gradient;
}

interface Regression {
  readonly lower: Float64Array;
  /** R^-1 (y - mean). */
  readonly weights: Float64Array;
  readonly mean: number;
  readonly variance: number;
}

function regress({ inputs, outputs }: Observations, parameters: KernelParameters): Regression {
  const size = inputs.length;
  if (size === 0) throw new RangeError('expected at least one observation');
  const lower = cholesky(correlations(inputs, parameters), size);
  const ones = solveCholesky(lower, size, new Float64Array(size).fill(1));
  const mean = dot(ones, outputs) / ones.reduce((sum, value) => sum + value);
  const residual = Float64Array.from(outputs, (output) => output - mean);
  const weights = solveCholesky(lower, size, residual.slice());
  const variance = Math.max(smallestVariance, dot(weights, residual) / size);
  return { lower, weights, mean, variance };
}

/** The lower triangle of the correlation matrix of the observations, noise included. */
function correlations(
  inputs: Observations['inputs'],
  { lengthScales, noise }: KernelParameters,
): Float64Array {
  const size = inputs.length;
  const rates = lengthScales.map((scale) => 1 / scale);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      matrix[i * size + j] = matern52(squaredDistance(inputs[i], inputs[j], rates));
    }
    matrix[i * size + i] = 1 + noise;
  }
  return matrix;
}

function squaredDistance(
  a: readonly number[],
  b: readonly number[],
  rates: readonly number[],
): number {
  let sum = 0;
  for (let d = 0; d < rates.length; d++) {
    const difference = (a[d] - b[d]) * rates[d];
    sum += difference * difference;
  }
  return sum;
}

function dot(a: Float64Array, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
