import { imageFileFormat, type ImageFileFormat } from './imageFileFormat.js';
import { openPhoto, readFileBytes, type ReadPhotoOptions } from './photoReader-node.js';
import type { SampleDepth } from './samples.js';

/** What the header of an image file says. */
export interface PhotoHeader {
  /** Undefined for what only libvips knows. */
  readonly format: ImageFileFormat | undefined;
  /** Of one frame, upright. */
  readonly width: number;
  readonly height: number;
  /** 1 gray, 2 gray and opacity, 3 RGB, 4 RGB and opacity. */
  readonly channels: number;
  readonly depth: SampleDepth;
  /** Pictures of an animation. */
  readonly frames: number;
}

/**
 * Reads the header of an image file, or of the bytes of one, and decodes none of its pixels.
 * @throws ImageFileError when it is missing, empty, no image, or has more pixels than allowed.
 */
export async function readPhotoHeader(
  source: string | Uint8Array,
  options: ReadPhotoOptions = {},
): Promise<PhotoHeader> {
  const bytes = typeof source === 'string' ? await readFileBytes(source) : source;
  const { width, height, channels, depth, frames } = await openPhoto(bytes, options);
  return { format: imageFileFormat(bytes), width, height, channels, depth, frames };
}
