import { expect, it } from 'vitest';
import { float32, tensor } from '../../tensor/index.js';
import { kindPrompts, textPrompts } from './promptTable.js';

it('gives kinds the row of their name, and has "" at the end', () => {
  const table = kindPrompts(['', 'cat', 'tit'], 'name_prefix', 3);
  expect(table.names).toEqual(['cat', 'tit', '']);
  expect(table.spec).toEqual({ from: 'kinds', tokens: 3, kinds: 3 });
  expect([0, 1, 2, 7].map((kind) => table.rowOf(kind))).toEqual([2, 0, 1, 2]);
  expect(table.feeds([1, 2])).toEqual({ kind: tensor('int64', [2], BigInt64Array.of(1n, 2n)) });
});

it('has one row where there are no kinds', () => {
  expect(kindPrompts([], 'none', 1)).toMatchObject({ names: [''], spec: { kinds: 1 } });
});

it('feeds the embeddings of texts', () => {
  const embeddings = new Map([
    ['a cat', float32([1, 2, 1], [1, 2])],
    ['', float32([1, 2, 1], [3, 4])],
    ['a tit', float32([1, 2, 1], [5, 6])],
  ]);
  const texts = ['a tit', 'a cat', 'a tit'];
  const table = textPrompts(embeddings, 'photo', (kind) => texts[kind]);
  expect(table.names).toEqual(['a cat', 'a tit', '']);
  expect(texts.map((_, kind) => table.rowOf(kind))).toEqual([1, 0, 1]);
  expect(table.feeds([2, 0])).toEqual({
    encoder_hidden_states: float32([2, 2, 1], [3, 4, 1, 2]),
  });
});
