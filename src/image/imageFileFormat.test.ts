import { expect, it } from 'vitest';
import { imageFileFormat } from './imageFileFormat.js';

const start = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

it.each([
  ['jpeg', '\xff\xd8\xff\xe0\0\x10JFIF\0'],
  ['png', '\x89PNG\r\n\x1a\n\0\0\0\r'],
  ['gif', 'GIF89a'],
  ['webp', 'RIFF\x1a\0\0\0WEBPVP8L'],
  ['tiff', 'II*\0\x08\0\0\0'],
  ['tiff', 'MM\0*\0\0\0\x08'],
  ['avif', '\0\0\0\x20ftypavif'],
  ['heic', '\0\0\0\x18ftypheic'],
  ['bmp', 'BM\x3a\0\0\0'],
  [undefined, '<svg xmlns="http'],
  [undefined, '%PDF-1.7'],
  [undefined, ''],
])('%s', (format, text) => {
  expect(imageFileFormat(start(text))).toBe(format);
});
