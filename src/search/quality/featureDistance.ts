import { symmetricEigen } from '../../image/metrics/symmetric.js';
import {
  columnMeans,
  fitGaussian,
  frechetDistance,
  frechetDistanceOfSamples,
  rowProducts,
  type Gaussian,
  type Matrix,
} from '../algorithms/gaussianFit.js';

/**
 * How features are compared: on the scale of the teacher's samples, along their principal axes. A covariance of
 * D features cannot be estimated from fewer samples than D, so the model of a distribution is a full covariance
 * along the first axes, of which there are as many as an eighth of the samples, and independent features in
 * what is left. Unlike a projection alone, that still sees what a student does where the teacher does nothing.
 */
export interface FeatureScale {
  /** Of the teacher's samples, by feature. */
  readonly mean: Float64Array;
  /** Of the teacher's samples, by feature; features that do not vary have 1. */
  readonly deviation: Float64Array;
  /** Orthonormal axes `[axes, features]` of the teacher's standardised samples, those of most variance first. */
  readonly axes: Matrix;
}

/** Samples for one axis that has a full covariance. */
export const SAMPLES_PER_AXIS = 8;

/** A distribution of features: a Gaussian along the axes, independent ones across them. */
export interface FeatureFit {
  readonly along: Gaussian;
  /** Of the standardised features after their part along the axes is taken away. */
  readonly across: { readonly mean: Float64Array; readonly deviation: Float64Array };
}

/**
 * The scale on which samples are compared with these.
 * @throws RangeError for fewer than `2 * SAMPLES_PER_AXIS` samples.
 */
export function fitFeatureScale(reference: Matrix): FeatureScale {
  const { rows, columns } = reference;
  if (rows < 2 * SAMPLES_PER_AXIS) {
    throw new RangeError(
      `expected at least ${2 * SAMPLES_PER_AXIS} samples to compare, got ${rows}`,
    );
  }
  const mean = columnMeans(reference);
  const deviation = columnDeviations(reference, mean).map((value, i) =>
    value > 1e-6 * Math.max(1, Math.abs(mean[i])) ? value : 1,
  );
  const standard = standardise(reference, mean, deviation);
  const count = Math.min(Math.floor(rows / SAMPLES_PER_AXIS), columns);
  return { mean, deviation, axes: principalAxes(standard, count) };
}

/** The features as multiples of the teacher's deviation from the teacher's mean. */
export function standardise(
  { rows, columns, data }: Matrix,
  mean: Float64Array,
  deviation: Float64Array,
): Matrix {
  const scaled = data.map((value, at) => (value - mean[at % columns]) / deviation[at % columns]);
  return { rows, columns, data: scaled };
}

export function fitFeatures(samples: Matrix, { mean, deviation, axes }: FeatureScale): FeatureFit {
  const rest = standardise(samples, mean, deviation);
  const { rows, columns } = rest;
  const along = new Float64Array(rows * axes.rows);
  for (let row = 0; row < rows; row++) {
    const vector = rest.data.subarray(row * columns, (row + 1) * columns);
    for (let k = 0; k < axes.rows; k++) {
      const axis = axes.data.subarray(k * columns, (k + 1) * columns);
      const length = dot(vector, axis);
      along[row * axes.rows + k] = length;
      for (let i = 0; i < columns; i++) vector[i] -= length * axis[i];
    }
  }
  const restMean = columnMeans(rest);
  return {
    along: fitGaussian({ rows, columns: axes.rows, data: along }),
    across: { mean: restMean, deviation: columnDeviations(rest, restMean) },
  };
}

/** The Frechet distance of two fits on the same scale, divided by the features: 0 for equal ones, about 1 a deviation apart. */
export function fitDistance(a: FeatureFit, b: FeatureFit): number {
  const features = a.across.mean.length;
  let distance = frechetDistance(a.along, b.along);
  for (let i = 0; i < features; i++) {
    distance += (a.across.mean[i] - b.across.mean[i]) ** 2;
    distance += (a.across.deviation[i] - b.across.deviation[i]) ** 2;
  }
  return distance / features;
}

/**
 * The mean squared difference of standardised features of samples of the same seeds, halved: 0 for equal
 * pictures, 1 for pairs that have nothing to do with each other.
 */
export function pairedFeatureDistance(a: Matrix, b: Matrix, scale: FeatureScale): number {
  const { columns } = a;
  const sum = a.data.reduce(
    (total, value, at) => total + ((value - b.data[at]) / scale.deviation[at % columns]) ** 2,
    0,
  );
  return sum / (2 * a.data.length);
}

/** Compares samples with the teacher's, of the same seeds and prompts in the same order. */
export interface FeatureComparison {
  /** The Frechet distance of the two distributions. */
  distance(samples: Matrix): number;
  /** How far apart pictures of the same seed are: see `pairedFeatureDistance`. */
  pairedDistance(samples: Matrix): number;
}

/**
 * Compares on the teacher's scale (`fitDistance`). With `plain` the distance is that of the Gaussians of the
 * features as they are, as is the custom for features of Inception: the Frechet Inception Distance.
 * @throws RangeError for fewer than `2 * SAMPLES_PER_AXIS` samples.
 */
export function compareWith(teacher: Matrix, how: 'scaled' | 'plain'): FeatureComparison {
  const scale = fitFeatureScale(teacher);
  const fit = fitFeatures(teacher, scale);
  return {
    distance: (samples) =>
      how === 'plain'
        ? frechetDistanceOfSamples(teacher, samples)
        : fitDistance(fit, fitFeatures(samples, scale)),
    pairedDistance: (samples) => pairedFeatureDistance(teacher, samples, scale),
  };
}

/** The mean squared difference of latents of the same seeds, over twice the teacher's variance. */
export function pairedLatentDistance(teacher: Float32Array, student: Float32Array): number {
  const mean = teacher.reduce((sum, x) => sum + x, 0) / teacher.length;
  let [difference, variance] = [0, 0];
  teacher.forEach((x, i) => {
    difference += (x - student[i]) ** 2;
    variance += (x - mean) ** 2;
  });
  return variance > 0 ? difference / (2 * variance) : difference;
}

function columnDeviations({ rows, columns, data }: Matrix, mean: Float64Array): Float64Array {
  const squares = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns; i++) squares[i] += (data[row * columns + i] - mean[i]) ** 2;
  }
  return squares.map((sum) => Math.sqrt(sum / (rows - 1)));
}

/**
 * The first principal axes of centred rows, by the eigenvectors of the products of rows with each other: there
 * are fewer rows than columns.
 */
function principalAxes(centred: Matrix, count: number): Matrix {
  const { rows, columns, data } = centred;
  const { values, vectors } = symmetricEigen(rowProducts(centred, centred).data, rows);
  const largest = [...values.keys()].sort((a, b) => values[b] - values[a]);
  const kept = largest.slice(0, count).filter((k) => values[k] > 1e-9 * values[largest[0]]);
  const axes = new Float64Array(kept.length * columns);
  kept.forEach((k, at) => {
    const axis = axes.subarray(at * columns, (at + 1) * columns);
    for (let i = 0; i < rows; i++) {
      const weight = vectors[k * rows + i] / Math.sqrt(values[k]);
      for (let j = 0; j < columns; j++) axis[j] += weight * data[i * columns + j];
    }
  });
  return { rows: kept.length, columns, data: axes };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
