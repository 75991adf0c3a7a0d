import { describe, expect, it } from 'vitest';
import { fromFloat64, type DType, type Shape, type Tensor } from '../tensor/index.js';
import { GraphBuilder } from './builder.js';
import { evaluateGraph } from './interpreter.js';
import type { Attributes, Op, UnaryOp } from './operators.js';

function evaluate<O extends Op>(
  op: O,
  operands: readonly Tensor[],
  attributes: Attributes[O],
): number[] {
  const b = new GraphBuilder();
  const inputs = operands.map(({ shape, dtype }, i) => b.input(`${i}`, shape, dtype));
  const graph = b.build({ y: b.apply(op, inputs, attributes) });
  const feeds = Object.fromEntries(operands.map((operand, i) => [`${i}`, operand]));
  return [...evaluateGraph(graph, feeds).y];
}

function of(numbers: readonly number[], shape: Shape = [numbers.length], dtype: DType = 'float64') {
  return fromFloat64(dtype, shape, numbers);
}

function unary(op: UnaryOp, numbers: readonly number[]): number[] {
  return evaluate(op, [of(numbers)], {});
}

function expectClose(got: readonly number[], expected: readonly number[], digits = 14): void {
  expect(got.length).toBe(expected.length);
  got.forEach((value, i) => expect(value).toBeCloseTo(expected[i], digits));
}

describe('elementwise operators', () => {
  it('round halves to even and floor towards minus infinity', () => {
    const numbers = [-2.5, -1.5, -0.75, -0.5, 0.5, 1.5, 2.5, 2.75, 0.49999999999999994];
    expect(unary('round', numbers).map((n) => n + 0)).toEqual([-2, -2, -1, 0, 0, 2, 2, 3, 0]);
    expect(unary('floor', [-1.5, -1, 1.5])).toEqual([-2, -1, 1]);
  });

  it('have the published values', () => {
    expectClose(unary('tanh', [0.5]), [0.46211715726000974]);
    expectClose(unary('sigmoid', [1, -800, 800]), [0.7310585786300049, 0, 1]);
    expectClose(unary('erf', [0.5]), [0.5204998778130465]);
    expect(unary('sign', [-3, 0, 4])).toEqual([-1, 0, 1]);
    expect(unary('relu', [-3, 0, 4])).toEqual([0, 0, 4]);
  });

  it('tell the exact GELU from its approximation', () => {
    // By mpmath with 30 digits, rounded to float64.
    const numbers = [-3, -1, -0.5, 0.5, 1, 2];
    expectClose(
      evaluate('gelu', [of(numbers)], { approximate: 'none' }),
      [
        -0.0040496940948902835, -0.15865525393145705, -0.15426876936299344, 0.34573123063700656,
        0.8413447460685429, 1.9544997361036416,
      ],
    );
    expectClose(
      evaluate('gelu', [of(numbers)], { approximate: 'tanh' }),
      [
        -0.003637392081773019, -0.1588080093917233, -0.15428599017485609, 0.34571400982514394,
        0.8411919906082767, 1.954597694087775,
      ],
    );
  });

  it('clip, leak and choose', () => {
    expect(evaluate('clip', [of([-2, 0.5, 2])], { min: -1, max: 1 })).toEqual([-1, 0.5, 1]);
    expect(evaluate('leakyRelu', [of([-2, 0, 2])], { alpha: 0.25 })).toEqual([-0.5, 0, 2]);
    const condition = of([1, 0, 1], [3], 'bool');
    expect(evaluate('where', [condition, of([1, 2, 3]), of([7])], {})).toEqual([1, 7, 3]);
    expect(evaluate('less', [of([1, 2, 3]), of([2])], {})).toEqual([1, 0, 0]);
    expect(evaluate('equal', [of([1, 2, 3]), of([2])], {})).toEqual([0, 1, 0]);
  });

  it('pass NaN on', () => {
    const nan = of([NaN]);
    expect(evaluate('max', [nan, of([1])], {})).toEqual([NaN]);
    expect(evaluate('relu', [nan], {})).toEqual([NaN]);
    expect(evaluate('clip', [nan], { min: 0, max: 1 })).toEqual([NaN]);
    expect(evaluate('reduceMax', [of([1, NaN, 3])], { axes: [0] })).toEqual([NaN]);
  });

  it('divide integers towards zero and floats exactly', () => {
    const numbers = [-7, 7, -7, 7];
    const divisors = [2, 2, -2, -2];
    const integers = [of(numbers, [4], 'int64'), of(divisors, [4], 'int64')];
    expect(evaluate('div', integers, {})).toEqual([-3, 3, 3, -3]);
    expect(evaluate('div', [of(numbers), of(divisors)], {})).toEqual([-3.5, 3.5, 3.5, -3.5]);
  });

  it('cast to integers by truncation, to conditions by being nonzero, to floats unrounded', () => {
    const numbers = [-1.75, 0, 0.1];
    expect(evaluate('cast', [of(numbers)], { to: 'int64' }).map((n) => n + 0)).toEqual([-1, 0, 0]);
    expect(evaluate('cast', [of(numbers)], { to: 'bool' })).toEqual([1, 0, 1]);
    expect(evaluate('cast', [of(numbers)], { to: 'float16' })).toEqual(numbers);
  });
});

describe('softmax and norms', () => {
  it('softmax sums to one along its axis, however large the logits', () => {
    const logits = of([1000, 1001, -1000, 1000, 0, Math.log(3)], [3, 2]);
    const [p, q] = [1 / (1 + Math.E), Math.E / (1 + Math.E)];
    expectClose(evaluate('softmax', [logits], { axis: 1 }), [p, q, 0, 1, 0.25, 0.75]);
    const columns = of([0, 5, Math.log(4), 5], [2, 2]);
    expectClose(evaluate('softmax', [columns], { axis: 0 }), [0.2, 0.5, 0.8, 0.5]);
  });

  it('groupNorm gives each group mean 0 and variance 1, then each channel its own line', () => {
    // Groups {1, 3, 5, 7} and {10, 10, 30, 30}: means 4 and 20, variances 5 and 100.
    const x = of([1, 3, 5, 7, 10, 10, 30, 30], [1, 4, 2]);
    const [weight, bias] = [of([1, 1, 2, 3]), of([0, 10, 0, -1])];
    const s = 1 / Math.sqrt(5);
    expectClose(evaluate('groupNorm', [x, weight, bias], { groups: 2, eps: 0 }), [
      -3 * s, -s, 10 + s, 10 + 3 * s, -2, -2, 2, 2,
    ]); // prettier-ignore
  });

  it('layerNorm normalises the last axis, eps under the root', () => {
    const x = of([1, 3, -2, 2], [2, 2]);
    const [weight, bias] = [of([2, 3]), of([0, 1])];
    expectClose(evaluate('layerNorm', [x, weight, bias], { eps: 3 }), [
      -1, 2.5, (-2 * 2) / Math.sqrt(7), (3 * 2) / Math.sqrt(7) + 1,
    ]); // prettier-ignore
  });

  it('reduceMean averages over several axes', () => {
    const x = of([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    expect(evaluate('reduceMean', [x], { axes: [0, 2] })).toEqual([3.5, 5.5]);
  });
});

describe('resize', () => {
  it('interpolates between half-pixel centres and clamps at the edges', () => {
    const row = of([0, 4], [1, 1, 1, 2]);
    const attributes = { mode: 'linear', height: 1, width: 4 } as const;
    expect(evaluate('resize', [row], attributes)).toEqual([0, 1, 3, 4]);
    const square = of([0, 4, 8, 12], [1, 1, 2, 2]);
    expect(evaluate('resize', [square], { ...attributes, height: 1, width: 1 })).toEqual([6]);
  });
});

describe('gather and scatterAdd', () => {
  it('refuse an index outside', () => {
    const indices = of([0, 3], [2], 'int64');
    expect(() => evaluate('gather', [of([1, 2, 3]), indices], { axis: 0 })).toThrow(
      'expected indices in [0, 3), got 3',
    );
    expect(() => evaluate('scatterAdd', [indices, of([1, 2])], { axis: 0, size: 2 })).toThrow(
      'expected indices in [0, 2), got 3',
    );
  });
});
