import { checkFormatSize } from '../image/outputFile-node.js';
import { photoFormats, type PhotoFormat, type PhotoFormatName } from '../image/photoFormats.js';
import type { Photo } from '../image/photo-node.js';
import { availableMemory } from '../runtime/availableMemory-node.js';
import { MemoryError } from '../runtime/memory.js';
import type { RestoreOptions, Restorer } from './createRestorer.js';
import { chosenFidelity } from './fidelity.js';
import { chooseTile } from './memory.js';
import { outputSize } from './outputSize.js';
import type { RestoringNetwork } from './restorationGraph.js';

export interface RestoreFileOptions extends RestoreOptions {
  /** Bytes that may be used; by default what the machine, or the container, has left. */
  readonly maxMemory?: number;
  /** 1 to 100, for JPEG, WebP and AVIF; 95 unless given. */
  readonly quality?: number;
  /** What to do with EXIF, XMP, IPTC and comments: `keep` unless given. Colour profile and timing always stay. */
  readonly metadata?: 'keep' | 'strip';
  /** Pixels of all frames of a file; more are refused before they are decoded. 2^28 unless given. */
  readonly maxPixels?: number;
}

/** What restores, and the network it does it with. */
export interface PhotoRestorer {
  readonly restorer: Restorer;
  readonly config: RestoringNetwork;
}

/** What is known before anything is decoded. */
export interface PhotoPlan {
  /** What the result is called where it is spoken of. */
  readonly name: string;
  readonly format: PhotoFormat;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly tile: number;
}

/**
 * Decides on the size of the result and on the tiles, from the header of a photo.
 * @throws RangeError for a size, quality, fidelity or tile that cannot be; ImageFileError for a size that the format cannot hold;
 * MemoryError, with the photo's name, when no tile fits into what there is.
 */
export function planPhoto(
  { restorer, config }: PhotoRestorer,
  photo: Photo,
  format: PhotoFormat,
  name: string,
  options: RestoreFileOptions,
): PhotoPlan {
  checkQuality(options);
  chosenFidelity(options.fidelity, restorer.fidelity);
  const size = labelled(photo.name, () => outputSize(photo, restorer.scale, options));
  checkFormatSize(name, format, size.width, size.height);
  const available = options.maxMemory ?? availableMemory();
  const sides = options.tile === undefined ? undefined : [options.tile];
  const needs = { ...photo, output: size, codecBytes: codecBytes(photo, format, size) };
  const tile = labelled(photo.name, () => chooseTile(config, needs, available, sides));
  return { name, format, ...size, frames: format.frames ? photo.frames : 1, tile };
}

/** @throws RangeError when it is none of those that can be written. */
export function writableFormat(format: PhotoFormatName): PhotoFormat {
  const found = Object.values(photoFormats).find(({ name }) => name === format);
  if (!found) throw new RangeError(`expected a format that can be written, got ${format}`);
  return found;
}

/** Encoders find out when all else is done. */
function checkQuality({ quality = 1 }: RestoreFileOptions): void {
  if (Number.isInteger(quality) && quality >= 1 && quality <= 100) return;
  throw new RangeError(`expected a quality from 1 to 100, got ${quality}`);
}

/** Bytes an output pixel that encoders need which cannot work row by row. */
const encoderBytes: Readonly<Record<PhotoFormatName, number>> = {
  ...{ png: 0, jpeg: 0, tiff: 0 },
  ...{ webp: 12, avif: 40, gif: 12 },
};

function codecBytes(
  photo: Photo,
  format: PhotoFormat,
  { width, height }: { width: number; height: number },
): number {
  const { channels, depth, frames } = photo;
  const decoded = (photo.width * photo.height * frames * channels * depth) / 8;
  const frameCount = format.frames ? frames : 1;
  return photo.size + decoded + encoderBytes[format.name] * width * height * frameCount;
}

/** What one frame is restored with; progress is that of all frames. */
export function frameOptions(
  { frames, tile }: PhotoPlan,
  frame: number,
  { scale, width, height, signal, onProgress }: RestoreFileOptions,
): RestoreOptions {
  return {
    tile,
    ...(scale !== undefined && { scale }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(signal && { signal }),
    ...(onProgress && {
      onProgress: ({ done, total }) =>
        onProgress({ done: frame * total + done, total: frames * total }),
    }),
  };
}

function labelled<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    throw new MemoryError(`${path}: ${error.message}`, { cause: error });
  }
}
