import fc from 'fast-check';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { createImage } from './image.js';
import { addPngText, readPngTexts } from './pngText.js';
import { encodeImage, readImage } from './sharp-node.js';

const image = createImage(3, 2, 3);
const png = await encodeImage('png', image);

it('adds text that can be read again, and leaves the pixels alone', async () => {
  const first = addPngText(png, 'parameters', 'a cat\nSteps: 20');
  const both = addPngText(first, 'Comment', '猫 and a lone \ud800');
  expect(readPngTexts(both)).toEqual(
    new Map([
      ['Comment', '猫 and a lone \ufffd'],
      ['parameters', 'a cat\nSteps: 20'],
    ]),
  );
  expect(await readImage(both)).toEqual(image);
});

it('is read by another library, check sums and all', async () => {
  const { comments } = await sharp(addPngText(png, 'parameters', 'a cät')).metadata();
  expect(comments).toEqual([{ keyword: 'parameters', text: 'a cät' }]);
});

it('keeps any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(readPngTexts(addPngText(png, 'k', text)).get('k')).toBe(text);
    }),
  );
});

it('refuses what is no PNG, and keywords that are none', () => {
  const other = 'expected the bytes of a PNG file, got others';
  expect(() => readPngTexts(new Uint8Array(100))).toThrow(other);
  expect(() => addPngText(png.subarray(0, 20), 'k', '')).toThrow(other);
  expect(() => addPngText(png, '', 'text')).toThrow('expected a keyword of 1 to 79');
  expect(() => addPngText(png, 'a\0b', 'text')).toThrow('expected a keyword of 1 to 79');
});
