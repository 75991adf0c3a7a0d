import { describe, expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import { createOptimizer, emaRate, type OptimizerConfig, type ParamNumbers } from './optimizers.js';

const betas = [0.9, 0.999] as const;
const configs: Record<string, OptimizerConfig> = {
  adamw: { kind: 'adamw', betas, eps: 1e-8, weightDecay: 0 },
  adam: { kind: 'adam', betas, eps: 1e-8 },
  sgd: { kind: 'sgd', momentum: 0.9 },
  'sgd without momentum': { kind: 'sgd', momentum: 0 },
};

const whole = { gradientScale: 1, averageRate: 0 };

function numbersOf(start: readonly number[], slots: number, moment = 0): ParamNumbers {
  return {
    param: Float32Array.from(start),
    average: Float32Array.from(start),
    moments: Array.from({ length: slots }, () => new Float32Array(start.length).fill(moment)),
  };
}

function run(
  config: OptimizerConfig,
  start: number[],
  gradients: number[][],
  learningRate: number,
) {
  const optimizer = createOptimizer(config);
  const numbers = numbersOf(start, optimizer.slots.length);
  gradients.forEach((gradient, i) => {
    const at = { ...whole, learningRate, step: i + 1 };
    optimizer.update(numbers, Float32Array.from(gradient), at);
  });
  return numbers;
}

describe.each(Object.entries(configs))('%s', (_, config) => {
  it('finds the minimum of a quadratic with very different curvatures', () => {
    const optimizer = createOptimizer(config);
    const target = [3, -2, 0.5];
    const curvature = [1, 0.3, 4];
    const numbers = numbersOf([0, 0, 0], optimizer.slots.length);
    const { param } = numbers;
    for (let step = 1; step <= 2000; step++) {
      const gradient = param.map((p, i) => curvature[i] * (p - target[i]));
      optimizer.update(numbers, gradient, { ...whole, learningRate: 0.02, step });
    }
    target.forEach((value, i) => expect(param[i]).toBeCloseTo(value, 3));
  });

  it('stays where the gradient is zero', () => {
    const { param, moments } = run(config, [1, -2], [[0, 0], [0, 0]], 0.1); // prettier-ignore
    expect([...param]).toEqual([1, -2]);
    for (const slot of moments) expect([...slot]).toEqual([0, 0]);
  });
});

describe('SGD', () => {
  it('gathers momentum as torch does: the buffer is not damped', () => {
    const { param } = run({ kind: 'sgd', momentum: 0.5 }, [1], [[2], [2], [2]], 0.1);
    // Buffers 2, 3, 3.5.
    expect(param[0]).toBeCloseTo(1 - 0.2 - 0.3 - 0.35, 6);
  });

  it('needs no state without momentum', () => {
    expect(createOptimizer({ kind: 'sgd', momentum: 0 }).slots).toEqual([]);
  });
});

describe('Adam', () => {
  it('first steps by the learning rate, whatever the size of the gradient', () => {
    const { param } = run(configs.adam, [0, 0], [[1e-3, -50]], 0.01);
    expect(param[0]).toBeCloseTo(-0.01, 6);
    expect(param[1]).toBeCloseTo(0.01, 6);
  });

  it('follows the published update over random gradients', () => {
    const random = Random.seeded(5);
    const gradients = Array.from({ length: 30 }, () => [...random.normals(4)]);
    const config: OptimizerConfig = { kind: 'adamw', betas, eps: 1e-3, weightDecay: 0.1 };
    const { param } = run(config, [1, 2, -1, 0], gradients, 0.05);
    const expected = [1, 2, -1, 0];
    const m = [0, 0, 0, 0];
    const v = [0, 0, 0, 0];
    gradients.forEach((gradient, i) =>
      gradient.forEach((g, j) => {
        m[j] = 0.9 * m[j] + 0.1 * g;
        v[j] = 0.999 * v[j] + 0.001 * g * g;
        const mHat = m[j] / (1 - 0.9 ** (i + 1));
        const vHat = v[j] / (1 - 0.999 ** (i + 1));
        expected[j] -= 0.05 * 0.1 * expected[j];
        expected[j] -= (0.05 * mHat) / (Math.sqrt(vHat) + 1e-3);
      }),
    );
    expected.forEach((value, j) => expect(param[j]).toBeCloseTo(value, 5));
  });

  it('decays weights apart from the gradient', () => {
    const config: OptimizerConfig = { kind: 'adamw', betas, eps: 1e-8, weightDecay: 0.5 };
    expect(run(config, [2], [[0]], 0.1).param[0]).toBeCloseTo(2 * 0.95, 6);
  });
});

describe.each(Object.entries(configs))('an update of %s', (_, config) => {
  const optimizer = createOptimizer(config);
  const slots = optimizer.slots.length;

  it('takes the gradient times the scale', () => {
    const updated = (gradient: number, gradientScale: number): ParamNumbers => {
      const numbers = numbersOf([2], slots, 0.25);
      const at = { ...whole, learningRate: 0.5, step: 3, gradientScale };
      optimizer.update(numbers, Float32Array.of(gradient), at);
      return numbers;
    };
    expect(updated(4, 0.25)).toEqual(updated(1, 1));
  });

  it('moves the average a part of the way to the new parameter', () => {
    const numbers = numbersOf([2, -1], slots);
    optimizer.update(numbers, Float32Array.of(3, -2), {
      ...whole,
      learningRate: 0.5,
      step: 1,
      averageRate: 0.1,
    });
    const { param, average } = numbers;
    expect(param[0]).toBeLessThan(2);
    expect(average[0]).toBeCloseTo(2 + 0.1 * (param[0] - 2), 6);
    expect(average[1]).toBeCloseTo(-1 + 0.1 * (param[1] + 1), 6);
  });
});

describe('the moving average', () => {
  it('starts fast: 9/11 of the way at the first step, and slows down to the decay', () => {
    expect(emaRate(0.999, 1)).toBeCloseTo(9 / 11, 12);
    const rates = Array.from({ length: 20_000 }, (_, i) => emaRate(0.999, i + 1));
    expect(rates.slice(1).filter((rate, i) => rate > rates[i])).toEqual([]);
    expect(rates.at(-1)).toBeCloseTo(0.001, 12);
  });
});
