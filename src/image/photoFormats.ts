import type { SampleDepth } from './samples.js';

export type PhotoFormatName = 'png' | 'jpeg' | 'webp' | 'avif' | 'tiff' | 'gif';

/** What a format that we write can hold. */
export interface PhotoFormat {
  readonly name: PhotoFormatName;
  /** Pixels of the longest side. */
  readonly side: number;
  /** Bits of a sample at most; 16 means whatever it has above 8. */
  readonly depth: SampleDepth;
  readonly opacity: boolean;
  /** More than one picture: an animation, or pages. */
  readonly frames: boolean;
  /** ICC profiles. */
  readonly profile: boolean;
  readonly exif: boolean;
  readonly xmp: boolean;
  readonly iptc: boolean;
}

const all = { opacity: true, frames: true, profile: true, exif: true, xmp: true, iptc: true };
const single = { ...all, frames: false, iptc: false };

const png: PhotoFormat = { ...single, name: 'png', side: 2 ** 31 - 1, depth: 16 };
const jpeg: PhotoFormat = {
  ...{ ...single, iptc: true, opacity: false },
  ...{ name: 'jpeg', side: 65_500, depth: 8 },
};
const webp: PhotoFormat = { ...all, iptc: false, name: 'webp', side: 16_383, depth: 8 };
const avif: PhotoFormat = { ...single, name: 'avif', side: 16_384, depth: 16 };
const tiff: PhotoFormat = { ...all, name: 'tiff', side: 2 ** 31 - 1, depth: 16 };
const gif: PhotoFormat = {
  ...{ opacity: true, frames: true, profile: false, exif: false, xmp: false, iptc: false },
  ...{ name: 'gif', side: 65_535, depth: 8 },
};

/** The formats that we write, by file name ending. */
export const photoFormats: Readonly<Record<string, PhotoFormat>> = {
  '.png': png,
  '.jpg': jpeg,
  '.jpeg': jpeg,
  '.jfif': jpeg,
  '.webp': webp,
  '.avif': avif,
  '.tif': tiff,
  '.tiff': tiff,
  '.gif': gif,
};
