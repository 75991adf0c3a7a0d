import { expect, test } from 'vitest';
import { float32, fromFloat64, tensor, toFloat32, type Tensor } from '../tensor/index.js';
import { castWeights } from './cast.js';

test('casts floats and leaves integers alone, in order', () => {
  const ids = tensor('int64', [2], BigInt64Array.of(0n, 1n));
  const weights = new Map<string, Tensor>([
    ['w', float32([3], [1, -0.1, 65504])],
    ['position_ids', ids],
    ['b', fromFloat64('bfloat16', [1], [3])],
  ]);
  const half = castWeights(weights, 'float16');
  expect(Array.from(half, ([name, { dtype }]) => [name, dtype])).toEqual([
    ['w', 'float16'],
    ['position_ids', 'int64'],
    ['b', 'float16'],
  ]);
  expect(half.get('position_ids')).toBe(ids);
  const values = toFloat32(half.get('w') ?? expect.fail());
  expect([...values]).toEqual([1, -0.0999755859375, 65504]);
  const back = castWeights(half, 'float32');
  expect(back.get('w')?.data).toEqual(values);
});

test('names every tensor with values beyond the range of float16', () => {
  const weights = new Map<string, Tensor>([
    ['fits', float32([2], [65519, Infinity])],
    ['a', float32([3], [65520, -1e6, NaN])],
    ['b', float32([2], [7e4, Infinity])],
  ]);
  expect(() => castWeights(weights, 'float16')).toThrow(
    'values beyond the range of float16: a (2 elements, the largest 1000000), b (1 elements, the largest 70000)',
  );
  expect(() => castWeights(weights, 'bfloat16')).not.toThrow();
});
