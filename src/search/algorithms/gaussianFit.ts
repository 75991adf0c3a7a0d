import { symmetricEigen } from '../../image/metrics/symmetric.js';

/** Vectors of one length, one a row: `[rows, columns]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** A multivariate normal distribution. */
export interface Gaussian {
  /** `[n]`. */
  readonly mean: Float64Array;
  /** `[n, n]`. */
  readonly covariance: Float64Array;
}

/**
 * The Gaussian of a sample, by its mean and its unbiased covariance.
 * @throws RangeError for fewer than two rows.
 */
export function fitGaussian({ rows, columns, data }: Matrix): Gaussian {
  if (rows < 2) throw new RangeError(`expected at least 2 samples for a covariance, got ${rows}`);
  const mean = columnMeans({ rows, columns, data });
  const covariance = new Float64Array(columns * columns);
  const centred = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns; i++) centred[i] = data[row * columns + i] - mean[i];
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j <= i; j++) covariance[i * columns + j] += centred[i] * centred[j];
    }
  }
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j <= i; j++) {
      const value = covariance[i * columns + j] / (rows - 1);
      covariance[i * columns + j] = value;
      covariance[j * columns + i] = value;
    }
  }
  return { mean, covariance };
}

/** The mean of each column. */
export function columnMeans({ rows, columns, data }: Matrix): Float64Array {
  const means = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns; i++) means[i] += data[row * columns + i] / rows;
  }
  return means;
}

/**
 * The Frechet (2-Wasserstein) distance of two Gaussians, squared as is the custom (Dowson and Landau 1982;
 * Heusel et al. 2017): |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½). Never negative.
 */
export function frechetDistance(a: Gaussian, b: Gaussian): number {
  const n = a.mean.length;
  let distance = 0;
  for (let i = 0; i < n; i++) distance += (a.mean[i] - b.mean[i]) ** 2;
  for (let i = 0; i < n; i++) distance += a.covariance[i * n + i] + b.covariance[i * n + i];
  return Math.max(0, distance - 2 * traceOfRoot(a.covariance, b.covariance, n));
}

/**
 * The same of the Gaussians of two samples, without their covariances, which may be larger than the samples are:
 * tr((C1 C2)^½) is the sum of the singular values of the products of centred rows with each other, divided by
 * the root of (rows1 - 1)(rows2 - 1).
 */
export function frechetDistanceOfSamples(a: Matrix, b: Matrix): number {
  const [meanA, meanB] = [columnMeans(a), columnMeans(b)];
  const [x, y] = [centred(a, meanA), centred(b, meanB)];
  let distance = 0;
  for (let i = 0; i < a.columns; i++) distance += (meanA[i] - meanB[i]) ** 2;
  distance += sumOfSquares(x) / (a.rows - 1) + sumOfSquares(y) / (b.rows - 1);
  const shared = singularValues(rowProducts(x, y)).reduce((sum, value) => sum + value, 0);
  return Math.max(0, distance - (2 * shared) / Math.sqrt((a.rows - 1) * (b.rows - 1)));
}

function centred({ rows, columns, data }: Matrix, mean: Float64Array): Matrix {
  return { rows, columns, data: data.map((value, at) => value - mean[at % columns]) };
}

function sumOfSquares({ data }: Matrix): number {
  return data.reduce((sum, value) => sum + value * value, 0);
}

/** `[a.rows, b.rows]`: the scalar product of each row of `a` with each of `b`. */
export function rowProducts(a: Matrix, b: Matrix): Matrix {
  const { columns } = a;
  const data = new Float64Array(a.rows * b.rows);
  for (let i = 0; i < a.rows; i++) {
    const row = a.data.subarray(i * columns, (i + 1) * columns);
    for (let j = 0; j < b.rows; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += row[k] * b.data[j * columns + k];
      data[i * b.rows + j] = sum;
    }
  }
  return { rows: a.rows, columns: b.rows, data };
}

/** By the eigenvalues of the matrix times its transpose: small ones are right to 1e-8 of the largest. */
function singularValues(matrix: Matrix): Float64Array {
  const { values } = symmetricEigen(rowProducts(matrix, matrix).data, matrix.rows);
  return values.map((value) => Math.sqrt(Math.max(0, value)));
}

/** tr((A B)^½) of positive semi-definite matrices [n, n]: that of A^½ B A^½, which is symmetric and has the same eigenvalues. */
function traceOfRoot(a: Float64Array, b: Float64Array, n: number): number {
  const root = symmetricRoot(a, n);
  const { values } = symmetricEigen(symmetrised(product(product(root, b, n), root, n), n), n);
  return values.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
}

/** The square root of a positive semi-definite matrix [n, n]; rounding below zero counts as zero. */
export function symmetricRoot(matrix: Float64Array, n: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, n);
  const root = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const scale = Math.sqrt(Math.max(0, values[k]));
    if (scale === 0) continue;
    for (let i = 0; i < n; i++) {
      const factor = scale * vectors[k * n + i];
      for (let j = 0; j < n; j++) root[i * n + j] += factor * vectors[k * n + j];
    }
  }
  return root;
}

function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k];
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) result[i * n + j] += factor * b[k * n + j];
    }
  }
  return result;
}

function symmetrised(matrix: Float64Array, n: number): Float64Array {
  return matrix.map((value, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return (value + matrix[j * n + i]) / 2;
  });
}
