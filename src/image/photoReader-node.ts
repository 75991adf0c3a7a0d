import { openFile } from '../weights/file-node.js';
import { isBmp, openBmp, type Bmp } from './bmp.js';
import type { Photo } from './photo-node.js';
import { createRaster, openRaster, type Raster } from './raster-node.js';
import { hasOpacity } from './samples.js';
import { ImageFileError, oneLine } from './sharp-node.js';
import { openVips } from './vipsPhoto-node.js';

export interface ReadPhotoOptions {
  /** Pixels of all frames; more are refused before they are decoded. 2^28 unless given. */
  readonly maxPixels?: number;
}

const DEFAULT_MAX_PIXELS = 2 ** 28;

/**
 * Reads the header of an image file, or of the bytes of one: what libvips reads, and BMP.
 * @throws ImageFileError when it is missing, empty, too large or no image.
 */
export async function openPhoto(
  source: string | Uint8Array,
  { maxPixels = DEFAULT_MAX_PIXELS }: ReadPhotoOptions = {},
): Promise<Photo> {
  const name = typeof source === 'string' ? source : 'image';
  const bytes = typeof source === 'string' ? await readFileBytes(source) : source;
  if (bytes.length === 0) throw new ImageFileError(`${name}: expected an image, got no bytes`);
  try {
    const photo = isBmp(bytes)
      ? asPhoto(openBmp(bytes, maxPixels))
      : await openVips(bytes, maxPixels);
    return { name, size: bytes.length, ...photo };
  } catch (error) {
    throw new ImageFileError(`${name}: ${oneLine(error)}`, { cause: error });
  }
}

/**
 * All bytes of a file.
 * @throws ImageFileError when there is none, or it cannot be read.
 */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await openFile(path);
    try {
      return await file.read(0, file.size);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new ImageFileError(oneLine(error), { cause: error });
  }
}

/** Samples of a BMP that are in memory at a time. */
const BMP_STRIP = 2 ** 20;

function asPhoto({ width, height, decode }: Bmp): Omit<Photo, 'name' | 'size'> {
  const channels = 3;
  const density = [1, 1] as const;
  return {
    ...{ width, height, channels, depth: 8, frames: 1, unread: [], upright: true },
    async decode(path) {
      const raster = await createRaster(path, { width, height, channels, depth: 8, density });
      try {
        const rows = Math.max(1, Math.floor(BMP_STRIP / width));
        for (let top = 0; top < height; top += rows) {
          await raster.write(decode(top, Math.min(rows, height - top)));
        }
        await raster.finish([]);
      } finally {
        await raster.close();
      }
      return openRaster(path);
    },
  };
}

/** Whether a raster's last channel is opacity that hides something. */
export async function hidesAnything(raster: Raster): Promise<boolean> {
  const { width, height, channels } = raster;
  if (!hasOpacity(channels)) return false;
  const rows = Math.max(1, Math.floor(2 ** 20 / width));
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    const { data } = await raster.read(top, count);
    const opacity = data.subarray((channels - 1) * width * count);
    if (!opacity.every((value) => value === 1)) return true;
  }
  return false;
}
