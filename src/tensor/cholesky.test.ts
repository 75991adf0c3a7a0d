import { describe, expect, it } from 'vitest';
import { Random } from './index.js';
import {
  cholesky,
  inverseFromCholesky,
  logDeterminant,
  solveCholesky,
  solveLower,
} from './cholesky.js';

const size = 7;
/** B B^T plus the identity. */
const matrix = (() => {
  const b = Random.seeded(1).normals(size * size);
  return Float64Array.from({ length: size * size }, (_, index) => {
    const [i, j] = [Math.floor(index / size), index % size];
    let sum = i === j ? 1 : 0;
    for (let k = 0; k < size; k++) sum += b[i * size + k] * b[j * size + k];
    return sum;
  });
})();

function multiply(a: Float64Array, x: Float64Array): number[] {
  return Array.from({ length: size }, (_, i) =>
    x.reduce((sum, value, j) => sum + a[i * size + j] * value, 0),
  );
}

describe('cholesky', () => {
  const lower = cholesky(matrix, size);
  const b = Float64Array.from(Random.seeded(2).normals(size));

  it('gives the root of the matrix', () => {
    for (let i = 0; i < size; i++) {
      const column = lower.slice(i * size, (i + 1) * size);
      expect(multiply(lower, column)).toEqual(
        [...matrix.slice(i * size, (i + 1) * size)].map((value): unknown =>
          expect.closeTo(value, 10),
        ),
      );
    }
  });

  it('solves with it', () => {
    const close = [...b].map((value): unknown => expect.closeTo(value, 10));
    expect(multiply(matrix, solveCholesky(lower, size, b.slice()))).toEqual(close);
    expect(multiply(lower, solveLower(lower, size, b.slice()))).toEqual(close);
  });

  it('inverts with it, and knows the determinant', () => {
    const inverse = inverseFromCholesky(lower, size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < i; j++) inverse[j * size + i] = inverse[i * size + j];
    }
    for (let i = 0; i < size; i++) {
      const column = inverse.slice(i * size, (i + 1) * size);
      const unit = Array.from({ length: size }, (_, j): unknown =>
        expect.closeTo(i === j ? 1 : 0, 10),
      );
      expect(multiply(matrix, column)).toEqual(unit);
    }
    // det of [[4, 2], [2, 3]] = 8.
    expect(logDeterminant(cholesky(Float64Array.of(4, 2, 2, 3), 2), 2)).toBeCloseTo(
      Math.log(8),
      14,
    );
  });

  it('mends what rounding has spoiled, and nothing worse', () => {
    expect(cholesky(Float64Array.of(1, 1, 1, 1), 2)[3]).toBeGreaterThan(0);
    expect(() => cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow('positive definite');
  });
});
