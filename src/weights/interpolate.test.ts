import { describe, expect, it } from 'vitest';
import { float32, toFloat64 } from '../tensor/index.js';
import { interpolateWeights } from './interpolate.js';

const set = (...values: number[]) => new Map([['a', float32([2], values)]]);

describe('network interpolation', () => {
  it('is linear, and each end as it is', () => {
    const [from, to] = [set(0, 1), set(1, -1)];
    expect(interpolateWeights(from, to, 0)).toBe(from);
    expect(interpolateWeights(from, to, 1)).toBe(to);
    const between = interpolateWeights(from, to, 0.25).get('a');
    expect([...toFloat64(between ?? float32([0], []))]).toEqual([0.25, 0.5]);
  });

  it('is of one network, and between its ends', () => {
    const other = new Map([['b', float32([2], [1, 2])]]);
    expect(() => interpolateWeights(set(1, 2), other, 0.5)).toThrow(
      'expected two sets of weights of one network: a: [2] in one set and none in the other, b: none in one set and [2] in the other',
    );
    expect(() => interpolateWeights(set(1, 2), set(1, 2), 1.5)).toThrow(
      'expected a share of 0 to 1, got 1.5',
    );
  });
});
