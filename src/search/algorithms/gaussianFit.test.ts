import { describe, expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import {
  fitGaussian,
  frechetDistance,
  frechetDistanceOfSamples,
  symmetricRoot,
  type Gaussian,
  type Matrix,
} from './gaussianFit.js';

function draw(seed: number, rows: number, columns: number, scale = 1): Matrix {
  const random = Random.seeded(seed);
  // Mixed, so that columns are not independent.
  const mixing = Array.from({ length: columns * columns }, () => random.normal());
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const source = Array.from({ length: columns }, () => scale * random.normal());
    for (let i = 0; i < columns; i++) {
      data[row * columns + i] = source.reduce((sum, x, k) => sum + x * mixing[i * columns + k], i);
    }
  }
  return { rows, columns, data };
}

function diagonal(mean: readonly number[], variances: readonly number[]): Gaussian {
  const n = mean.length;
  const covariance = new Float64Array(n * n);
  variances.forEach((value, i) => (covariance[i * n + i] = value));
  return { mean: Float64Array.from(mean), covariance };
}

describe('fitGaussian', () => {
  it('gives the mean and the unbiased covariance', () => {
    const { mean, covariance } = fitGaussian({
      ...{ rows: 3, columns: 2 },
      data: Float64Array.of(1, 2, 3, 2, 5, 8),
    });
    expect([...mean]).toEqual([3, 4]);
    expect([...covariance]).toEqual([4, 6, 6, 12]);
  });

  it('says how many samples it takes', () => {
    expect(() => fitGaussian({ rows: 1, columns: 1, data: Float64Array.of(1) })).toThrow(
      'expected at least 2 samples for a covariance, got 1',
    );
  });
});

describe('frechetDistance', () => {
  it('is the closed form for independent variables: differences of means and of deviations', () => {
    const a = diagonal([0, 1, 2], [1, 4, 9]);
    const b = diagonal([2, 1, 0], [4, 4, 1]);
    expect(frechetDistance(a, b)).toBeCloseTo(4 + 0 + 4 + (1 - 2) ** 2 + 0 + (3 - 1) ** 2, 12);
  });

  it('is the closed form for covariances that commute', () => {
    // C and C² have the same eigenvectors: tr(C + C² - 2 C^1.5) by the eigenvalues 1 and 3.
    const a: Gaussian = { mean: new Float64Array(2), covariance: Float64Array.of(2, 1, 1, 2) };
    const b: Gaussian = { mean: new Float64Array(2), covariance: Float64Array.of(5, 4, 4, 5) };
    const expected = [1, 3].reduce((sum, x) => sum + (Math.sqrt(x) - x) ** 2, 0);
    expect(frechetDistance(a, b)).toBeCloseTo(expected, 12);
  });

  it('is the closed form of two variables: tr((AB)^½)² = tr(AB) + 2 (det A det B)^½', () => {
    const a: Gaussian = { mean: new Float64Array(2), covariance: Float64Array.of(2, 1, 1, 3) };
    const b: Gaussian = {
      mean: new Float64Array(2),
      covariance: Float64Array.of(1, -0.5, -0.5, 4),
    };
    const traceOfProduct = 2 * 1 + 2 * (1 * -0.5) + 3 * 4;
    const root = Math.sqrt(traceOfProduct + 2 * Math.sqrt(5 * (4 - 0.25)));
    expect(frechetDistance(a, b)).toBeCloseTo(2 + 3 + 1 + 4 - 2 * root, 12);
  });

  it('is zero for equal and the same either way round', () => {
    const a = fitGaussian(draw(1, 50, 6));
    const b = fitGaussian(draw(2, 60, 6, 2));
    expect(frechetDistance(a, a)).toBeLessThan(1e-10);
    expect(frechetDistance(a, b)).toBeGreaterThan(1);
    expect(frechetDistance(a, b)).toBeCloseTo(frechetDistance(b, a), 9);
  });

  it('takes the root of a matrix', () => {
    const { covariance } = fitGaussian(draw(3, 30, 5));
    const root = symmetricRoot(covariance, 5);
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 5; j++) {
        let square = 0;
        for (let k = 0; k < 5; k++) square += root[i * 5 + k] * root[k * 5 + j];
        expect(square).toBeCloseTo(covariance[i * 5 + j], 10);
      }
    }
  });
});

describe('frechetDistanceOfSamples', () => {
  it('is the distance of the Gaussians of the samples', () => {
    const [a, b] = [draw(4, 40, 7), draw(5, 25, 7, 1.5)];
    const expected = frechetDistance(fitGaussian(a), fitGaussian(b));
    expect(frechetDistanceOfSamples(a, b)).toBeCloseTo(expected, 5);
  });

  it('takes more columns than rows', () => {
    const [a, b] = [draw(6, 8, 20), draw(7, 9, 20)];
    const expected = frechetDistance(fitGaussian(a), fitGaussian(b));
    expect(frechetDistanceOfSamples(a, b)).toBeCloseTo(expected, 4);
    expect(frechetDistanceOfSamples(a, a)).toBeLessThan(1e-5 * expected);
  });
});
