import { expect, it } from 'vitest';
import { pictureKinds } from './pictureKinds.js';

const photos = [
  '/a/birds/tit-1.jpg',
  '/a/cats/cat-2-x.png',
  '/a/cats/cat.webp',
  'C:\\b\\tit-9.jpg',
];

it('reads kinds from names, from folders, or from neither', () => {
  expect(pictureKinds(photos, 'name_prefix')).toEqual({
    names: ['cat', 'tit'],
    kindOf: [1, 0, 0, 1],
  });
  expect(pictureKinds(photos, 'folder')).toEqual({
    names: ['b', 'birds', 'cats'],
    kindOf: [1, 2, 2, 0],
  });
  expect(pictureKinds(photos, 'photo')).toEqual({ names: photos, kindOf: [0, 1, 2, 3] });
  expect(pictureKinds(photos, 'none')).toEqual({ names: [], kindOf: [0, 0, 0, 0] });
});
