import { expect, it } from 'vitest';
import { wrapWords } from './contactSheet-node.js';
import { planPairs } from './degradePhotos-node.js';

it('pairs of equal names in different folders are told apart', () => {
  const names = (number: number) =>
    planPairs(['a/one.jpg', 'b/One.png', 'b/two.png'], number).map(({ name }) => name);
  expect(names(1)).toEqual(['one', 'One~2', 'two']);
  expect(names(2)).toEqual(['one-1', 'one-2', 'One~2-1', 'One~2-2', 'two-1', 'two-2']);
});

it('pairs are numbered by photograph, whichever are made', () => {
  expect(planPairs(['a.png', 'b.png'], 2).map(({ index }) => index)).toEqual([0, 1, 2, 3]);
});

it('words are wrapped, and cut where one alone is too long', () => {
  expect(wrapWords(['blur', 'noise', 'a long name'], 12)).toEqual(['blur · noise', 'a long name']);
  expect(wrapWords(['a long name'], 7)).toEqual(['a long…']);
});
