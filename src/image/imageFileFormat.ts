import type { PhotoFormatName } from './photoFormats.js';

/** What an image file can be: what is written, and what is only read, or only known. */
export type ImageFileFormat = PhotoFormatName | 'bmp' | 'heic';

/** How files begin. */
const signatures: readonly (readonly [ImageFileFormat, RegExp])[] = [
  ['jpeg', /^\xff\xd8\xff/],
  ['png', /^\x89PNG/],
  ['gif', /^GIF8/],
  ['webp', /^RIFF....WEBP/s],
  ['tiff', /^(II[*+]\0|MM\0[*+])/],
  // Phones write it; its codec is patented.
  ['heic', /^....ftyphe(ic|ix|vc|vx|im|is)/s],
  ['avif', /^....ftyp/s],
  ['bmp', /^BM/],
];

/**
 * The format of an image file by how its first 12 bytes begin, or undefined for anything else. What follows may still be damaged.
 */
export function imageFileFormat(bytes: Uint8Array): ImageFileFormat | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  return signatures.find(([, signature]) => signature.test(start))?.[0];
}
