// Square matrices here are row-major Float64Arrays of at most a few hundred rows; only lower triangles are read.

/** Grows tenfold from the first to the last until a matrix that rounding has made indefinite has a root. */
const firstJitter = 1e-12;
const lastJitter = 1e-4;

/**
 * The lower triangular L with A = L L^T of a symmetric positive definite matrix; where rounding has spoiled
 * that, of A plus the smallest of 1e-12, 1e-11, ... 1e-4 times its mean diagonal that mends it.
 * @throws RangeError when nothing mends it.
 */
export function cholesky(matrix: Float64Array, size: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += matrix[i * size + i];
  let root = factorize(matrix, size, 0);
  for (let jitter = firstJitter; !root && jitter < 2 * lastJitter; jitter *= 10) {
    root = factorize(matrix, size, (jitter * trace) / size);
  }
  if (!root) throw new RangeError('expected a positive definite matrix');
  return root;
}

function factorize(matrix: Float64Array, size: number, added: number): Float64Array | undefined {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j];
      for (let k = 0; k < j; k++) sum -= lower[i * size + k] * lower[j * size + k];
      if (j < i) {
        lower[i * size + j] = sum / lower[j * size + j];
        continue;
      }
      const pivot = sum + added;
      if (!(pivot > 0)) return undefined;
      lower[i * size + i] = Math.sqrt(pivot);
    }
  }
  return lower;
}

/** Solves L x = b in place. */
export function solveLower(lower: Float64Array, size: number, b: Float64Array): Float64Array {
  for (let i = 0; i < size; i++) {
    let sum = b[i];
    const row = i * size;
    for (let k = 0; k < i; k++) sum -= lower[row + k] * b[k];
    b[i] = sum / lower[row + i];
  }
  return b;
}

/** Solves L L^T x = b in place. */
export function solveCholesky(lower: Float64Array, size: number, b: Float64Array): Float64Array {
  solveLower(lower, size, b);
  for (let i = size - 1; i >= 0; i--) {
    const value = b[i] / lower[i * size + i];
    b[i] = value;
    for (let k = 0; k < i; k++) b[k] -= lower[i * size + k] * value;
  }
  return b;
}

/** The lower triangle of (L L^T)^-1 = L^-T L^-1. */
export function inverseFromCholesky(lower: Float64Array, size: number): Float64Array {
  const root = inverseOfLower(lower, size);
  const inverse = new Float64Array(size * size);
  // Row k of L^-1 adds its outer product with itself.
  for (let k = 0; k < size; k++) {
    for (let i = 0; i <= k; i++) {
      const value = root[k * size + i];
      for (let j = 0; j <= i; j++) inverse[i * size + j] += value * root[k * size + j];
    }
  }
  return inverse;
}

function inverseOfLower(lower: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const pivot = 1 / lower[i * size + i];
    for (let k = 0; k < i; k++) {
      const factor = -lower[i * size + k] * pivot;
      for (let j = 0; j <= k; j++) inverse[i * size + j] += factor * inverse[k * size + j];
    }
    inverse[i * size + i] = pivot;
  }
  return inverse;
}

/** The logarithm of the determinant of L L^T. */
export function logDeterminant(lower: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += Math.log(lower[i * size + i]);
  return 2 * sum;
}
