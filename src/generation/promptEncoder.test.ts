import { expect, it } from 'vitest';
import { float32 } from '../tensor/index.js';
import { createKindEncoder } from './promptEncoder.js';

it('looks prompts up by the names of kinds, reading the table once', async () => {
  let reads = 0;
  const encode = createKindEncoder(
    { names: ['cat', 'tit', ''], tokens: 2, crossAttentionDim: 1 },
    () => {
      reads += 1;
      return Promise.resolve(float32([3, 2], [1, 2, 3, 4, 5, 6]));
    },
  );
  const [tit, nothing] = await encode(['tit', '']);
  expect(tit).toEqual({ hiddenStates: float32([1, 2, 1], [3, 4]), truncated: '' });
  expect(nothing.hiddenStates).toEqual(float32([1, 2, 1], [5, 6]));
  await encode(['cat']);
  expect(reads).toBe(1);
  await expect(encode(['dog'])).rejects.toThrow(
    'expected a prompt that the model has learned, cat, tit or nothing, got "dog"',
  );
});
