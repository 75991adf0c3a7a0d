import { createImage, hasOpacity, type Image, type PictureRows } from '../image/index.js';
import { withRoomOnDisk } from '../image/diskFull-node.js';
import { changedMetadata, lostMetadata } from '../image/photoMetadata.js';
import type { Photo } from '../image/photo-node.js';
import { hidesAnything } from '../image/photoReader-node.js';
import { encodeRaster, type EncodedRaster } from '../image/photoWriter-node.js';
import { createRaster, type Raster, type RasterFormat } from '../image/raster-node.js';
import { ImageFileError, oneLine } from '../image/sharp-node.js';
import type { WorkFolder } from '../image/workFolder-node.js';
import { matchColours } from './matchColours.js';
import {
  frameOptions,
  type PhotoPlan,
  type PhotoRestorer,
  type RestoreFileOptions,
} from './photoPlan-node.js';

/** What has been made, in pixels, and how long restoring took without decoding and encoding. */
export interface RestoredFile {
  readonly width: number;
  readonly height: number;
  /** More than one for animations. */
  readonly frames: number;
  readonly ms: number;
  /** What the photo has and the format of the result cannot hold: `IPTC`, `animation`, ... */
  readonly lost: readonly string[];
  /** How many times larger the result is than the model makes it: the rest is interpolated. 1 unless it is larger. */
  readonly stretched: number;
}

/**
 * Decodes, restores and encodes a photo as planned, to `encoded` in the folder.
 * @throws ImageFileError for a damaged photo, or one whose transparency the format cannot hold; DiskFullError; the signal's reason.
 */
export function restorePhoto(
  photoRestorer: PhotoRestorer,
  photo: Photo,
  plan: PhotoPlan,
  folder: WorkFolder,
  options: RestoreFileOptions,
): Promise<RestoredFile> {
  return withRoomOnDisk(plan.name, restoreIn(folder, photoRestorer, photo, plan, options));
}

async function restoreIn(
  folder: WorkFolder,
  { restorer }: PhotoRestorer,
  photo: Photo,
  plan: PhotoPlan,
  options: RestoreFileOptions,
): Promise<RestoredFile> {
  const { format, frames, width, height } = plan;
  const decoded = await labelledDecode(photo, folder.path('decoded.v'));
  try {
    options.signal?.throwIfAborted();
    const channels = await outputChannels(decoded, plan);
    const layout = outputLayout(photo, decoded, plan, channels);
    const metadata = changedMetadata(decoded.metadata, {
      format,
      upright: photo.upright,
      scale: width / photo.width,
      strip: options.metadata === 'strip',
      ...(frames > 1 && { frameHeight: height }),
    });
    const start = performance.now();
    const raster = await createRaster(folder.path('restored.v'), layout);
    try {
      for (let frame = 0; frame < frames; frame++) {
        const rows = frameRows(decoded, frame * photo.height, photo.height, channels);
        const strips = restorer.restoreRows(rows, frameOptions(plan, frame, options));
        for await (const strip of matchColours(strips, rows, width, height)) {
          await raster.write(strip);
        }
      }
      await raster.finish(metadata);
    } finally {
      await raster.close();
    }
    const ms = performance.now() - start;
    options.signal?.throwIfAborted();
    await encode(folder, plan, { layout, metadata }, options);
    const lost = lostParts(photo, decoded, plan, options);
    return { width, height, frames, ms, lost, stretched: stretch(photo, plan, restorer.scale) };
  } finally {
    await decoded.close();
  }
}

async function labelledDecode(photo: Photo, path: string): Promise<Raster> {
  try {
    return await photo.decode(path);
  } catch (error) {
    throw new ImageFileError(`${photo.name}: ${oneLine(error)}`, { cause: error });
  }
}

async function encode(
  folder: WorkFolder,
  { name, format }: PhotoPlan,
  raster: EncodedRaster,
  { quality }: RestoreFileOptions,
): Promise<void> {
  const [from, to] = [folder.path('restored.v'), folder.path('encoded')];
  try {
    await encodeRaster(from, to, format, raster, quality === undefined ? {} : { quality });
  } catch (error) {
    throw new ImageFileError(`${name}: ${oneLine(error)}`, { cause: error });
  }
}

/** @throws ImageFileError when opacity would be lost. */
async function outputChannels(decoded: Raster, { name, format }: PhotoPlan): Promise<number> {
  if (format.opacity || !hasOpacity(decoded.channels)) return decoded.channels;
  if (!(await hidesAnything(decoded))) return decoded.channels - 1;
  throw new ImageFileError(`${name}: expected a format that holds transparency, such as .png`);
}

/** In an inch. */
const MILLIMETRES = 25.4;

function outputLayout(
  photo: Photo,
  decoded: Raster,
  { format, width, height, frames }: PhotoPlan,
  channels: number,
): RasterFormat {
  const grown = width / photo.width;
  const density = photo.density === undefined ? 1 : (photo.density * grown) / MILLIMETRES;
  return {
    width,
    height: height * frames,
    channels,
    depth: decoded.depth === 16 && format.depth === 16 ? 16 : 8,
    density: [density, density],
  };
}

/** The rows of one frame, with as many of the channels as asked for. */
function frameRows(raster: Raster, begin: number, height: number, channels: number): PictureRows {
  const { width } = raster;
  const read = (top: number, rows: number): Promise<Image> => raster.read(begin + top, rows);
  if (channels === raster.channels) return { width, height, channels, read };
  return {
    ...{ width, height, channels },
    async read(top, rows) {
      const { data } = await read(top, rows);
      return createImage(width, rows, channels, data.subarray(0, channels * width * rows));
    },
  };
}

/** A size that is asked for is met but for a pixel. */
function stretch(photo: Photo, { width, height }: PhotoPlan, scale: number): number {
  const factor = Math.min((width - 1) / photo.width, (height - 1) / photo.height) / scale;
  return factor < 1 ? 1 : Math.max(width / photo.width, height / photo.height) / scale;
}

function lostParts(
  photo: Photo,
  decoded: Raster,
  { format, frames }: PhotoPlan,
  { metadata }: RestoreFileOptions,
): string[] {
  const depth = decoded.depth === 16 && format.depth === 8 ? ['16 bits'] : [];
  const animation = frames < photo.frames ? ['animation'] : photo.unread;
  const notes = metadata === 'strip' ? [] : lostMetadata(decoded.metadata, format);
  return [...depth, ...animation, ...notes];
}
