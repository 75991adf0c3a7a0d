import type { RestoreOptions } from './createRestorer.js';
import { attachMetadata, readMetadata, type FoundMetadata } from './metadata-web.js';
import {
  encodePicture,
  pictureSize,
  readPicture,
  type ColourReading,
  type PictureType,
} from './picture-web.js';
import { hasTransparency } from './pixels-web.js';

const DEFAULT_QUALITY = 95;

export interface RestoreBlobOptions extends RestoreOptions {
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
  readonly width: number;
  readonly height: number;
  /** What of the file's metadata is in the result, in words. */
  readonly kept: readonly string[];
  /** What of the file is not in the result, in words. */
  readonly lost: readonly string[];
}

/** Restores a file by `restorePixels`, which restores its pixels. */
export async function restoreFile(
  restorePixels: (pixels: ImageData, options: RestoreOptions) => Promise<ImageData>,
  file: Blob,
  options: RestoreBlobOptions,
): Promise<RestoredBlob> {
  const { signal } = options;
  const found = await readMetadata(file);
  const pixels = await readPicture(file, coloursToRead(found, options));
  signal?.throwIfAborted();
  const restored = await restorePixels(pixels, options);
  const written = await writeLike(restored, found, pixels.width, options);
  signal?.throwIfAborted();
  return written;
}

export type ConvertOptions = Pick<RestoreBlobOptions, 'type' | 'quality' | 'metadata'>;

/**
 * Writes what `restoreFile` made, as PNG and with its metadata, in another format, with the metadata of the
 * original that this one holds: what restoring it again would give.
 * @throws PictureError where the browser cannot.
 */
export async function convertRestored(
  restored: Blob,
  original: Blob,
  options: ConvertOptions = {},
): Promise<RestoredBlob> {
  const found = await readMetadata(original);
  const { width } = await pictureSize(original);
  const pixels = await readPicture(restored, coloursToRead(found, options));
  return writeLike(pixels, found, width, options);
}

/** Numbers without their profile would be other colours. */
function coloursToRead(found: FoundMetadata, { metadata }: ConvertOptions): ColourReading {
  return metadata !== 'strip' && found.profile ? 'raw' : 'srgb';
}

async function writeLike(
  pixels: ImageData,
  found: FoundMetadata,
  originalWidth: number,
  { type = 'image/png', quality = DEFAULT_QUALITY, metadata = 'keep' }: ConvertOptions,
): Promise<RestoredBlob> {
  const { width, height } = pixels;
  const bare = await encodePicture(pixels, type, quality);
  const isFlattened = type === 'image/jpeg' && hasTransparency(pixels);
  const opaque = isFlattened ? ['transparency (JPEG has none)'] : [];
  if (metadata === 'strip') return { blob: bare, width, height, kept: [], lost: opaque };
  const scale = width / originalWidth;
  const { blob, kept, lost } = await attachMetadata(bare, found, { width, height, scale });
  return { blob, width, height, kept, lost: [...opaque, ...lost] };
}
