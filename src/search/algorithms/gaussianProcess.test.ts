import { describe, expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import { fitGaussianProcess } from './fitGaussianProcess.js';
import {
  gaussianProcess,
  logMarginalLikelihood,
  matern52,
  type KernelParameters,
  type Observations,
} from './gaussianProcess.js';

const parameters: KernelParameters = { lengthScales: [0.3, 0.8, 2], noise: 0.01 };

function observations(count: number, seed = 1): Observations {
  const random = Random.seeded(seed);
  const inputs = Array.from({ length: count }, () => [1, 2, 3].map(() => random.uniform()));
  const outputs = inputs.map(([x, y, z]) => 3 + Math.sin(5 * x) + x * y - 0.1 * z);
  return { inputs, outputs };
}

/** The correlation matrix from its definition, term by term. */
function correlationMatrix({ inputs }: Observations, { lengthScales, noise }: KernelParameters) {
  return inputs.map((a, i) =>
    inputs.map((b, j) => kernel(a, b, lengthScales) + (i === j ? noise : 0)),
  );
}

function kernel(a: readonly number[], b: readonly number[], lengthScales: readonly number[]) {
  const r = Math.hypot(...a.map((x, d) => (x - b[d]) / lengthScales[d]));
  return (1 + Math.sqrt(5) * r + (5 * r ** 2) / 3) * Math.exp(-Math.sqrt(5) * r);
}

/** Gauss-Jordan elimination with pivots: another way than a Cholesky root. */
function inverseAndDeterminant(matrix: readonly (readonly number[])[]) {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  let determinant = 1;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column; i < n; i++) {
      if (Math.abs(rows[i][column]) > Math.abs(rows[pivot][column])) pivot = i;
    }
    if (pivot !== column) determinant = -determinant;
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    const head = rows[column][column];
    determinant *= head;
    rows[column] = rows[column].map((value) => value / head);
    for (let i = 0; i < n; i++) {
      const factor = rows[i][column];
      if (i !== column) rows[i] = rows[i].map((value, j) => value - factor * rows[column][j]);
    }
  }
  return { inverse: rows.map((row) => row.slice(n)), determinant };
}

const bilinear = (a: readonly number[], matrix: readonly number[][], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * matrix[i].reduce((s, m, j) => s + m * b[j], 0), 0);

/** The density of a normal distribution with this mean and this covariance. */
function logDensity(seen: Observations, mean: number, variance: number, kernelOf = parameters) {
  const n = seen.inputs.length;
  const covariance = correlationMatrix(seen, kernelOf).map((row) => row.map((x) => x * variance));
  const { inverse, determinant } = inverseAndDeterminant(covariance);
  const residual = seen.outputs.map((y) => y - mean);
  return (
    -0.5 *
    (bilinear(residual, inverse, residual) + Math.log(determinant) + n * Math.log(2 * Math.PI))
  );
}

describe('matern52', () => {
  it('has the values of its formula', () => {
    expect(matern52(0)).toBe(1);
    expect(matern52(1)).toBeCloseTo((1 + Math.sqrt(5) + 5 / 3) * Math.exp(-Math.sqrt(5)), 15);
  });
});

describe('gaussianProcess', () => {
  it('predicts as the formulas say, term by term', () => {
    const seen = observations(8);
    const { inverse } = inverseAndDeterminant(correlationMatrix(seen, parameters));
    const ones = seen.outputs.map(() => 1);
    const mean = bilinear(ones, inverse, seen.outputs) / bilinear(ones, inverse, ones);
    const residual = seen.outputs.map((y) => y - mean);
    const variance = bilinear(residual, inverse, residual) / 8;
    const process = gaussianProcess(seen, parameters);
    expect(process.mean).toBeCloseTo(mean, 10);
    expect(process.variance).toBeCloseTo(variance, 10);
    for (const at of [
      [0.1, 0.9, 0.4],
      [0.5, 0.5, 0.5],
      [3, 3, 3],
    ]) {
      const cross = seen.inputs.map((input) => kernel(input, at, parameters.lengthScales));
      const predicted = process.predict(at);
      expect(predicted.mean).toBeCloseTo(mean + bilinear(cross, inverse, residual), 10);
      const explained = bilinear(cross, inverse, cross);
      expect(predicted.deviation).toBeCloseTo(Math.sqrt(variance * (1 - explained)), 8);
    }
  });

  it('has a closed form for one observation', () => {
    const process = gaussianProcess(
      { inputs: [[0.5]], outputs: [2] },
      { lengthScales: [1], noise: 0 },
    );
    expect(process.predict([0.5])).toEqual({ mean: 2, deviation: 0 });
    expect(process.predict([0.9]).mean).toBe(2);
  });

  it('goes through the observations without noise, and far from them back to its mean', () => {
    const seen = observations(12);
    const process = gaussianProcess(seen, { ...parameters, noise: 0 });
    for (const [i, input] of seen.inputs.entries()) {
      expect(process.predict(input).mean).toBeCloseTo(seen.outputs[i], 8);
      expect(process.predict(input).deviation).toBeLessThan(1e-5);
    }
    const far = process.predict([1e3, 1e3, 1e3]);
    expect(far.mean).toBeCloseTo(process.mean, 12);
    expect(far.deviation).toBeCloseTo(Math.sqrt(process.variance), 12);
  });

  it('turns with the outputs: standardising them changes nothing', () => {
    const seen = observations(10);
    const other = { ...seen, outputs: seen.outputs.map((y) => 1000 - 250 * y) };
    const [a, b] = [gaussianProcess(seen, parameters), gaussianProcess(other, parameters)];
    const at = [0.2, 0.6, 0.7];
    expect(b.predict(at).mean).toBeCloseTo(1000 - 250 * a.predict(at).mean, 8);
    expect(b.predict(at).deviation).toBeCloseTo(250 * a.predict(at).deviation, 8);
  });

  it('takes what it observes in as if it had been there, but keeps its mean and variance', () => {
    const seen = observations(9);
    const first = gaussianProcess(
      { inputs: seen.inputs.slice(0, 8), outputs: seen.outputs.slice(0, 8) },
      { ...parameters, noise: 0 },
    );
    const process = first.observe(seen.inputs[8], seen.outputs[8]);
    expect(process.predict(seen.inputs[8]).mean).toBeCloseTo(seen.outputs[8], 8);
    expect(process.variance).toBe(first.variance);
    const at = [0.4, 0.1, 0.9];
    const believed = first.observe(at, first.predict(at).mean);
    expect(believed.predict([0.3, 0.3, 0.3]).mean).toBeCloseTo(
      first.predict([0.3, 0.3, 0.3]).mean,
      8,
    );
    expect(believed.predict(at).deviation).toBeLessThan(1e-5);
  });

  it('bears the same point twice, and outputs that are all the same', () => {
    const twice = { inputs: [[0.5], [0.5], [0.1]], outputs: [1, 1.1, 3] };
    expect(gaussianProcess(twice, { lengthScales: [1], noise: 0 }).predict([0.5]).mean).toBeCloseTo(
      1.05,
      3,
    );
    const same = { inputs: [[0.1], [0.5], [0.9]], outputs: [2, 2, 2] };
    expect(fitGaussianProcess(same, Random.seeded(1)).predict([0.3]).mean).toBeCloseTo(2, 10);
  });

  it('refuses to know something of nothing', () => {
    expect(() => gaussianProcess({ inputs: [], outputs: [] }, parameters)).toThrow(RangeError);
  });
});

describe('logMarginalLikelihood', () => {
  it('is the density of the observations at the most likely mean and variance', () => {
    const seen = observations(7);
    const { mean, variance } = gaussianProcess(seen, parameters);
    const { value } = logMarginalLikelihood(seen, parameters);
    expect(value).toBeCloseTo(logDensity(seen, mean, variance), 8);
    for (const [dm, dv] of [
      [0.05, 0],
      [-0.05, 0],
      [0, 0.01],
      [0, -0.01],
    ]) {
      expect(logDensity(seen, mean + dm, variance * (1 + dv))).toBeLessThan(value);
    }
  });

  it('has the gradient that finite differences find', () => {
    const seen = observations(15);
    const { gradient } = logMarginalLikelihood(seen, parameters);
    const at = (d: number, step: number): number => {
      const moved = [...parameters.lengthScales, parameters.noise].map((value, i) =>
        i === d ? value * Math.exp(step) : value,
      );
      const [noise] = moved.splice(3);
      return logMarginalLikelihood(seen, { lengthScales: moved, noise }).value;
    };
    for (let d = 0; d < 4; d++) {
      const slope = (at(d, 1e-4) - at(d, -1e-4)) / 2e-4;
      expect(Math.abs(gradient[d] - slope)).toBeLessThan(1e-5 * Math.max(1, Math.abs(slope)));
    }
  });
});

describe('fitGaussianProcess', () => {
  it('finds which inputs matter, and predicts what it has not seen', () => {
    const random = Random.seeded(3);
    const truth = ([x, y]: readonly number[]): number => Math.sin(6 * x) + 0.3 * y;
    const inputs = Array.from({ length: 40 }, () => [0, 1, 2].map(() => random.uniform()));
    const process = fitGaussianProcess({ inputs, outputs: inputs.map(truth) }, random);
    const [x, y, nothing] = process.parameters.lengthScales;
    expect(x).toBeLessThan(y);
    expect(y).toBeLessThan(nothing);
    for (let i = 0; i < 20; i++) {
      const at = [0, 1, 2].map(() => random.uniform());
      expect(Math.abs(process.predict(at).mean - truth(at))).toBeLessThan(0.1);
    }
  });

  it('tells noise from signal', () => {
    const random = Random.seeded(4);
    const inputs = Array.from({ length: 60 }, () => [random.uniform()]);
    const outputs = inputs.map(([x]) => Math.sin(6 * x) + 0.2 * random.normal());
    const { parameters: fitted, variance } = fitGaussianProcess({ inputs, outputs }, random);
    const deviation = Math.sqrt(fitted.noise * variance);
    expect(deviation).toBeGreaterThan(0.15);
    expect(deviation).toBeLessThan(0.25);
  });

  it('depends on the seed only through which starts are tried', () => {
    const seen = observations(20);
    const fit = () => fitGaussianProcess(seen, Random.seeded(9)).parameters;
    expect(fit()).toEqual(fit());
  });
});
