import { expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import { pseudoInverseForm, symmetricEigen } from './symmetric.js';

function randomSymmetric(n: number, seed: number): Float64Array {
  const values = Random.seeded(seed).normals(n * n);
  return Float64Array.from(values, (value, i) => value + values[(i % n) * n + Math.floor(i / n)]);
}

it('eigenvectors and eigenvalues rebuild the matrix', () => {
  const n = 12;
  const matrix = randomSymmetric(n, 1);
  const { values, vectors } = symmetricEigen(matrix, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let rebuilt = 0;
      let product = 0;
      for (let k = 0; k < n; k++) {
        rebuilt += values[k] * vectors[k * n + i] * vectors[k * n + j];
        product += vectors[i * n + k] * vectors[j * n + k];
      }
      expect(rebuilt).toBeCloseTo(matrix[i * n + j], 12);
      expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
    }
  }
});

it('the quadratic form solves a system', () => {
  // v' M^-1 v for v = M x is x' M x.
  const n = 8;
  const matrix = randomSymmetric(n, 2);
  const x = Float64Array.from(Random.seeded(3).normals(n));
  const v = x.map((_, i) => x.reduce((sum, value, k) => sum + matrix[i * n + k] * value, 0));
  const expected = x.reduce((sum, value, i) => sum + value * v[i], 0);
  expect(pseudoInverseForm(matrix, v)).toBeCloseTo(expected, 9);
});

it('directions without variance do not count', () => {
  const singular = Float64Array.of(4, 0, 0, 0);
  expect(pseudoInverseForm(singular, Float64Array.of(2, 5))).toBe(1);
});
