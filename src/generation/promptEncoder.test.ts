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
  const [both] = await encode(['cat, tit']);
  expect(both.hiddenStates).toEqual(float32([1, 2, 1], [2, 3]));
  await expect(encode(['cat, a dog in the rain'])).rejects.toThrow(
    'expected words that this model has learned (cat, tit), one, several with commas between them, or none, got "a dog in the rain"',
  );
});
