import type { RestoreOptions } from './createRestorer.js';
import { attachMetadata, readMetadata } from './metadata-web.js';
import {
  encodePicture,
  readPicture,
  toImageData,
  type Picture,
  type PictureType,
} from './picture-web.js';

const DEFAULT_QUALITY = 95;

export interface WebRestoreOptions extends RestoreOptions {
  /** Output pixels a side for one input pixel, such as 2 or 2.5; the model's own unless given. */
  readonly scale?: number;
}

export interface RestoreBlobOptions extends WebRestoreOptions {
  /** PNG unless given. */
  readonly type?: PictureType;
  /** 1 to 100, for JPEG and WebP; 95 unless given. */
  readonly quality?: number;
  /** Whether camera data, colour profile and the like are written to the result; they are unless this is `strip`. */
  readonly metadata?: 'keep' | 'strip';
}

/** A restored image file, and what became of all that is not pixels. */
export interface RestoredBlob {
  readonly blob: Blob;
  readonly pixels: ImageData;
  /** What of the file's metadata is in the result, in words. */
  readonly kept: readonly string[];
  /** What of the file is not in the result, in words. */
  readonly lost: readonly string[];
}

/** Restores a file by `restorePicture`, which restores its pixels. */
export async function restoreFile(
  restorePicture: (picture: Picture, options: WebRestoreOptions) => Promise<Picture>,
  file: Blob,
  options: RestoreBlobOptions,
): Promise<RestoredBlob> {
  const { type = 'image/png', quality = DEFAULT_QUALITY, metadata = 'keep', ...rest } = options;
  const { signal } = options;
  const found = await readMetadata(file);
  const colours = metadata === 'keep' && found.profile ? 'raw' : 'srgb';
  const picture = await readPicture(file, colours);
  signal?.throwIfAborted();
  const pixels = toImageData(await restorePicture(picture, rest));
  const bare = await encodePicture(pixels, type, quality);
  signal?.throwIfAborted();
  const opaque = type === 'image/jpeg' && picture.alpha ? ['transparency (JPEG has none)'] : [];
  if (metadata === 'strip') return { blob: bare, pixels, kept: [], lost: opaque };
  const { width, height } = pixels;
  const scale = width / picture.image.width;
  const { blob, kept, lost } = await attachMetadata(bare, found, { width, height, scale });
  return { blob, pixels, kept, lost: [...opaque, ...lost] };
}
