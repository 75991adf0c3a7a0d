import { describe, expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import {
  compareWith,
  fitDistance,
  fitFeatures,
  fitFeatureScale,
  pairedLatentDistance,
} from './featureDistance.js';
import { frechetDistance, type Matrix } from '../algorithms/gaussianFit.js';

const [rows, columns] = [64, 40];

/** Features that three hidden numbers of each sample decide, on scales of their own, and a little noise. */
function draw(seed: number, noise = 0.1): Matrix {
  const mixing = Random.seeded(99).normals(3 * columns);
  const random = Random.seeded(seed);
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const hidden = random.normals(3);
    for (let i = 0; i < columns; i++) {
      const signal = hidden.reduce((sum, x, k) => sum + x * mixing[k * columns + i], 0);
      data[row * columns + i] = 5 + (signal + noise * random.normal()) * 10 ** (i % 4);
    }
  }
  return { rows, columns, data };
}

const changed = (
  source: Matrix,
  change: (x: number, column: number, row: number) => number,
): Matrix => ({
  ...source,
  data: source.data.map((x, at) => change(x, at % columns, Math.floor(at / columns))),
});

describe('compareWith', () => {
  const teacher = draw(1);
  const comparison = compareWith(teacher, 'scaled');
  const distance = (samples: Matrix) => comparison.distance(samples);
  const pairedDistance = (samples: Matrix) => comparison.pairedDistance(samples);
  const deviation = fitFeatureScale(teacher).deviation;

  it('is zero for the same samples', () => {
    expect(distance(teacher)).toBeLessThan(1e-10);
    expect(pairedDistance(teacher)).toBe(0);
  });

  it('is small for the same distribution, and pairs of other samples are about one apart', () => {
    expect(distance(draw(2))).toBeLessThan(0.15);
    expect(pairedDistance(draw(2))).toBeGreaterThan(0.7);
    expect(pairedDistance(draw(2))).toBeLessThan(1.3);
  });

  it('is one for a shift of every feature by its deviation, on whatever scale', () => {
    const shifted = changed(teacher, (x, i) => x + deviation[i]);
    expect(distance(shifted)).toBeCloseTo(1, 8);
    expect(pairedDistance(shifted)).toBeCloseTo(0.5, 8);
  });

  it('grows with the shift', () => {
    const shifted = [0.1, 0.2, 0.4].map((by) =>
      distance(changed(teacher, (x, i) => x + by * deviation[i])),
    );
    expect(shifted[0]).toBeLessThan(shifted[1]);
    expect(shifted[1]).toBeLessThan(shifted[2]);
  });

  it('sees noise where the teacher has none, which the axes alone would not', () => {
    const random = Random.seeded(5);
    const noisy = changed(teacher, (x, i) => x + 0.5 * deviation[i] * random.normal());
    const scale = fitFeatureScale(teacher);
    const [own, other] = [teacher, noisy].map((samples) => fitFeatures(samples, scale));
    const along = frechetDistance(own.along, other.along) / columns;
    // A quarter of the variance of a feature in each of the 32 directions of 40 that are no axes, 0.5² each.
    expect(distance(noisy) - along).toBeGreaterThan(0.12);
    expect(along).toBeLessThan(0.04);
  });

  it('sees a collapse of variety', () => {
    const collapsed = changed(teacher, (_, i, row) => teacher.data[(row % 2) * columns + i]);
    expect(distance(collapsed)).toBeGreaterThan(3 * distance(draw(3)));
  });

  it('is symmetric on one scale', () => {
    const scale = fitFeatureScale(teacher);
    const [a, b] = [fitFeatures(draw(7), scale), fitFeatures(draw(8, 0.5), scale)];
    expect(fitDistance(a, b)).toBeCloseTo(fitDistance(b, a), 10);
  });

  it('has orthonormal axes, as many as an eighth of the samples', () => {
    const { axes } = fitFeatureScale(teacher);
    expect(axes.rows).toBe(8);
    for (let i = 0; i < axes.rows; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let k = 0; k < columns; k++) {
          product += axes.data[i * columns + k] * axes.data[j * columns + k];
        }
        expect(product).toBeCloseTo(i === j ? 1 : 0, 6);
      }
    }
  });

  it('compares features as they are where that is the custom', () => {
    const unit = changed(teacher, (x, i) => x / deviation[i]);
    const plain = compareWith(unit, 'plain');
    const shifted = changed(unit, (x) => x + 2);
    expect(plain.distance(shifted)).toBeCloseTo(4 * columns, 2);
  });

  it('says how many samples it takes', () => {
    const few = { rows: 15, columns: 1, data: new Float64Array(15) };
    expect(() => compareWith(few, 'scaled')).toThrow(
      'expected at least 16 samples to compare, got 15',
    );
  });
});

describe('pairedLatentDistance', () => {
  it('is zero for equal latents and about one for independent ones', () => {
    const [a, b] = [1, 2].map((seed) => Random.seeded(seed).normals(5000));
    expect(pairedLatentDistance(a, a)).toBe(0);
    expect(pairedLatentDistance(a, b)).toBeCloseTo(1, 1);
  });
});
