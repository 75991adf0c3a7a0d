import { expect, it } from 'vitest';
import { differentiate, evaluateGraph, GraphBuilder } from '../graph/index.js';
import { Random } from '../tensor/index.js';
import { spectralNorm } from './spectralNorm.js';

const shape = [6, 3, 2, 2];
const [rows, columns] = [6, 12];

function largestSingularValue(matrix: Float64Array): number {
  let vector = Float64Array.from({ length: columns }, (_, i) => Math.cos(i));
  let norm = 0;
  for (let step = 0; step < 500; step++) {
    const image = Float64Array.from({ length: rows }, (_, r) =>
      vector.reduce((sum, v, c) => sum + v * matrix[r * columns + c], 0),
    );
    const back = vector.map((_, c) =>
      image.reduce((s, v, r) => s + v * matrix[r * columns + c], 0),
    );
    const length = Math.hypot(...back);
    vector = back.map((v) => v / length);
    norm = Math.sqrt(length);
  }
  return norm;
}

it('leaves a weight whose largest singular value is one', () => {
  const b = new GraphBuilder();
  const graph = b.build({ normed: spectralNorm(b, b.input('weight', shape)) });
  for (const seed of [1, 2, 3]) {
    const weight = Float64Array.from(Random.seeded(seed).normals(rows * columns), (x) => 30 * x);
    const { normed } = evaluateGraph(graph, { weight });
    expect(Math.abs(largestSingularValue(normed) - 1)).toBeLessThan(0.02);
    // The same direction.
    expect(normed[5] / normed[0]).toBeCloseTo(weight[5] / weight[0], 10);
  }
});

it('has the slope that finite differences have', () => {
  const b = new GraphBuilder();
  const normed = spectralNorm(b, b.input('weight', shape));
  const loss = b.reshape(b.reduceSum(b.mul(normed, b.input('along', shape)), [0, 1, 2, 3]), []);
  const graph = b.build({ loss });
  const random = Random.seeded(4);
  const draw = (): Float64Array => Float64Array.from(random.normals(rows * columns));
  const [weight, along, direction] = [draw(), draw(), draw()];
  const at = (step: number): number => {
    const moved = weight.map((x, i) => x + step * direction[i]);
    return evaluateGraph(graph, { weight: moved, along }).loss[0];
  };
  const slopes = evaluateGraph(differentiate(graph, 'loss', ['weight']), { weight, along });
  const slope = slopes['grad:weight'].reduce((sum, g, i) => sum + g * direction[i], 0);
  const measured = (at(1e-6) - at(-1e-6)) / 2e-6;
  expect(Math.abs(slope / measured - 1)).toBeLessThan(1e-6);
});
