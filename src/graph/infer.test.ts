import { describe, expect, it } from 'vitest';
import type { DType, Shape } from '../tensor/index.js';
import { inferType, type ValueType } from './infer.js';
import type { Attributes, Op } from './operators.js';

function of(shape: Shape, dtype: DType = 'float32'): ValueType {
  return { shape, dtype };
}

function refusal<O extends Op>(op: O, inputs: ValueType[], attributes: Attributes[O]): string {
  try {
    inferType(op, inputs, attributes);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

const conv: Attributes['conv'] = {
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  groups: 1,
};
const convTranspose: Attributes['convTranspose'] = { ...conv, outputPadding: [0, 0] };

describe('inferType', () => {
  it('finds the sizes of convolutions', () => {
    const x = of([2, 4, 9, 8]);
    const options = { ...conv, strides: [2, 1], pads: [1, 0, 0, 2], dilations: [1, 3] } as const;
    expect(inferType('conv', [x, of([6, 4, 3, 2])], options).shape).toEqual([2, 6, 4, 7]);
    expect(inferType('conv', [x, of([6, 2, 3, 3])], { ...conv, groups: 2 }).shape).toEqual([
      2, 6, 7, 6,
    ]);
    expect(
      inferType('convTranspose', [x, of([4, 3, 4, 4])], {
        ...convTranspose,
        strides: [2, 2],
        pads: [1, 1, 1, 1],
      }).shape,
    ).toEqual([2, 3, 18, 16]);
  });

  it('names the operator, what it expected and what it got', () => {
    expect(refusal('add', [of([2, 3]), of([4])], {})).toBe(
      'add: expected shapes that broadcast, got [2, 3] and [4]',
    );
    expect(refusal('add', [of([2]), of([2], 'int64')], {})).toBe(
      'add: expected one dtype, got float32 and int64',
    );
    expect(refusal('neg', [], {})).toBe('neg: expected 1 operands, got 0');
    expect(refusal('conv', [of([1, 2, 3, 4])], conv)).toBe('conv: expected 2 to 3 operands, got 1');
    expect(refusal('reshape', [of([2, 3])], { shape: [4] })).toBe(
      'reshape: expected 6 elements as in [2, 3], got [4]',
    );
    expect(refusal('matmul', [of([2, 3]), of([4, 5])], {})).toBe(
      'matmul: expected [..., m, k] and [..., k, n], got [2, 3] and [4, 5]',
    );
    expect(refusal('transpose', [of([2, 3])], { perm: [0, 0] })).toBe(
      'transpose: expected a permutation of the axes of [2, 3], got [0, 0]',
    );
    expect(refusal('expand', [of([2, 3])], { shape: [3] })).toBe(
      'expand: expected a shape that [2, 3] expands to, got [3]',
    );
    expect(refusal('where', [of([2]), of([2]), of([2])], {})).toBe(
      'where: expected bool, got float32',
    );
    expect(refusal('gather', [of([2]), of([2])], { axis: 0 })).toBe(
      'gather: expected int64, got float32',
    );
  });

  it('refuses axes that other executors would count differently', () => {
    expect(refusal('reduceSum', [of([2, 3])], { axes: [-1] })).toBe(
      'reduceSum: expected an axis in [0, 2), got -1',
    );
    expect(refusal('reduceMax', [of([2, 3])], { axes: [] })).toBe(
      'reduceMax: expected an axis, got none',
    );
    expect(refusal('concat', [of([2]), of([2])], { axis: 1 })).toBe(
      'concat: expected an axis in [0, 1), got 1',
    );
    expect(refusal('gather', [of([2]), of([2], 'int64')], { axis: -1 })).toBe(
      'gather: expected an axis in [0, 1), got -1',
    );
    expect(refusal('softmax', [of([2, 3])], { axis: 2 })).toBe(
      'softmax: expected an axis in [-2, 2), got 2',
    );
  });

  it('refuses convolutions whose operands do not fit', () => {
    const x = of([1, 4, 5, 5]);
    expect(refusal('conv', [x, of([6, 3, 3, 3])], conv)).toBe(
      'conv: expected weight [out, 4, kh, kw] for 1 groups, got [6, 3, 3, 3]',
    );
    expect(refusal('conv', [x, of([5, 2, 3, 3])], { ...conv, groups: 2 })).toBe(
      'conv: expected weight [out, 2, kh, kw] for 2 groups, got [5, 2, 3, 3]',
    );
    expect(refusal('conv', [x, of([6, 4, 3, 3]), of([5])], conv)).toBe(
      'conv: expected [6], got [5]',
    );
    expect(refusal('conv', [x, of([6, 4, 7, 3])], conv)).toBe(
      'conv: expected a result of positive size, got [1, 6, -1, 3]',
    );
    expect(refusal('conv', [x, of([6, 4, 3, 3], 'float16')], conv)).toBe(
      'conv: expected one dtype, got float32 and float16',
    );
    expect(refusal('convTranspose', [x, of([3, 4, 3, 3])], convTranspose)).toBe(
      'convTranspose: expected weight [4, out / groups, kh, kw] for 1 groups, got [3, 4, 3, 3]',
    );
    expect(
      refusal('convTranspose', [x, of([4, 3, 3, 3])], { ...convTranspose, outputPadding: [0, 1] }),
    ).toBe('convTranspose: expected output padding below the strides [1, 1], got [0, 1]');
  });

  it('refuses slices, pads and scatters that leave the map', () => {
    expect(refusal('slice', [of([4])], { starts: [0], ends: [5], steps: [1] })).toBe(
      'slice: expected a slice within 4, got 0:5:1',
    );
    expect(refusal('slice', [of([4])], { starts: [2], ends: [2], steps: [1] })).toBe(
      'slice: expected a result of positive size, got [0]',
    );
    expect(refusal('pad', [of([4])], { before: [4], after: [0], mode: 'reflect' })).toBe(
      'pad: expected padding of axis 0 in [0, 3], got [4, 0]',
    );
    expect(refusal('pad', [of([4])], { before: [-2], after: [-2], mode: 'constant' })).toBe(
      'pad: expected axis 0 to keep some of its 4, got [-2, -2]',
    );
    expect(refusal('pad', [of([4])], { before: [-1], after: [0], mode: 'edge' })).toBe(
      'pad: expected padding of axis 0 in [0, Infinity], got [-1, 0]',
    );
    expect(refusal('scatterAdd', [of([3], 'int64'), of([2, 4])], { axis: 0, size: 5 })).toBe(
      'scatterAdd: expected [3] at axis 0 of the updates, got [2, 4]',
    );
    expect(refusal('depthToSpace', [of([1, 6, 2, 2])], { blockSize: 2 })).toBe(
      'depthToSpace: expected channels divisible by 4, got [1, 6, 2, 2]',
    );
    expect(refusal('groupNorm', [of([1, 6, 2]), of([6]), of([6])], { groups: 4, eps: 1e-5 })).toBe(
      'groupNorm: expected channels divisible by 4 groups, got 6',
    );
  });
});
