import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { createImage, hasOpacity, type Image, type PictureRows } from '../image/index.js';
import { withRoomOnDisk } from '../image/diskFull-node.js';
import { checkFormatSize, checkOutput, photoFormatOf } from '../image/outputFile-node.js';
import { photoFormats, type PhotoFormat, type PhotoFormatName } from '../image/photoFormats.js';
import { changedMetadata, lostMetadata } from '../image/photoMetadata.js';
import { hidesAnything, openPhoto, type Photo } from '../image/photoReader-node.js';
import { encodeRaster, type EncodedRaster } from '../image/photoWriter-node.js';
import { createRaster, type Raster, type RasterFormat } from '../image/raster-node.js';
import { ImageFileError, oneLine } from '../image/sharp-node.js';
import { createWorkFolder, type WorkFolder } from '../image/workFolder-node.js';
import type { RestorerConfig } from '../models/index.js';
import { availableMemory } from '../runtime/availableMemory-node.js';
import { MemoryError } from '../runtime/memory.js';
import { unlessAborted } from '../runtime/queue.js';
import type { RestoreOptions, Restorer } from './createRestorer.js';
import { matchColours } from './matchColours.js';
import { chooseTile } from './memory.js';
import { outputSize } from './outputSize.js';

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

/** What has been made, in pixels, and how long restoring took without decoding and encoding. */
export interface RestoredFile {
  readonly width: number;
  readonly height: number;
  /** More than one for animations. */
  readonly frames: number;
  readonly ms: number;
  /** What the photo has and the format of the result cannot hold: `IPTC`, `animation`, ... */
  readonly lost: readonly string[];
}

export interface RestoredBytes extends RestoredFile {
  readonly bytes: Uint8Array;
}

/** A result that lies in a temporary file, which is removed when it is disposed of. */
export interface RestoredStream extends RestoredFile, AsyncDisposable {
  /** Bytes of the file. */
  readonly size: number;
  /** The file from its beginning, each time it is called. */
  stream(): Readable;
}

/** An image file by its path, or its bytes, all at once or as a stream gives them. */
export type PhotoSource = string | Uint8Array | AsyncIterable<Uint8Array>;

/** What restores, and the network it does it with. */
export interface PhotoRestorer {
  readonly restorer: Restorer;
  readonly config: RestorerConfig;
}

/** Restores an image file to a file at `output`, which appears when all of it is there. */
export async function restoreToFile(
  photoRestorer: PhotoRestorer,
  source: PhotoSource,
  output: string,
  options: RestoreFileOptions,
): Promise<RestoredFile> {
  await checkOutput(output);
  const format = photoFormatOf(output);
  const photo = await open(source, options);
  const plan = planPhoto(photoRestorer, photo, format, output, options);
  await using folder = await createWorkFolder(dirname(output));
  const restored = await restorePhoto(photoRestorer, photo, plan, folder, options);
  options.signal?.throwIfAborted();
  await folder.publish('encoded', output);
  return restored;
}

/** Restores an image file to the bytes of another. */
export async function restoreToBytes(
  photoRestorer: PhotoRestorer,
  source: PhotoSource,
  format: PhotoFormatName,
  options: RestoreFileOptions,
): Promise<RestoredBytes> {
  const photo = await open(source, options);
  const name = `image.${format}`;
  const plan = planPhoto(photoRestorer, photo, writableFormat(format), name, options);
  await using folder = await createWorkFolder(tmpdir());
  const restored = await restorePhoto(photoRestorer, photo, plan, folder, options);
  return { ...restored, bytes: await readFile(folder.path('encoded')) };
}

/** Restores an image file to another that need not fit into memory. */
export async function restoreToStream(
  photoRestorer: PhotoRestorer,
  source: PhotoSource,
  format: PhotoFormatName,
  options: RestoreFileOptions,
): Promise<RestoredStream> {
  const photo = await open(source, options);
  const name = `image.${format}`;
  const plan = planPhoto(photoRestorer, photo, writableFormat(format), name, options);
  const folder = await createWorkFolder(tmpdir());
  try {
    const restored = await restorePhoto(photoRestorer, photo, plan, folder, options);
    const path = folder.path('encoded');
    const { size } = await stat(path);
    await folder.keepOnly('encoded');
    return {
      ...restored,
      size,
      // Told where the file ends, it ends with the last byte: who has all bytes of an answer may hang up at once.
      stream: () => createReadStream(path, { end: size - 1 }),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

function writableFormat(format: PhotoFormatName): PhotoFormat {
  const found = Object.values(photoFormats).find(({ name }) => name === format);
  if (!found) throw new RangeError(`expected a format that can be written, got ${format}`);
  return found;
}

async function open(
  source: PhotoSource,
  { maxPixels, signal }: RestoreFileOptions,
): Promise<Photo> {
  const given = typeof source === 'string' || source instanceof Uint8Array;
  const limit = maxPixels === undefined ? {} : { maxPixels };
  return openPhoto(given ? source : await unlessAborted(collect(source, signal), signal), limit);
}

async function collect(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    all.push(chunk);
  }
  return Buffer.concat(all);
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

/** What is known before anything is decoded. */
interface PhotoPlan {
  /** What the result is called where it is spoken of. */
  readonly name: string;
  readonly format: PhotoFormat;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly tile: number;
}

function planPhoto(
  { restorer, config }: PhotoRestorer,
  photo: Photo,
  format: PhotoFormat,
  name: string,
  options: RestoreFileOptions,
): PhotoPlan {
  checkQuality(options);
  const size = labelled(photo.name, () => outputSize(photo, restorer.scale, options));
  checkFormatSize(name, format, size.width, size.height);
  const available = options.maxMemory ?? availableMemory();
  const sides = options.tile === undefined ? undefined : [options.tile];
  const needs = { ...photo, output: size, codecBytes: codecBytes(photo, format, size) };
  const tile = labelled(photo.name, () => chooseTile(config, needs, available, sides));
  return { name, format, ...size, frames: format.frames ? photo.frames : 1, tile };
}

function restorePhoto(
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
    return { width, height, frames, ms, lost: lostParts(photo, decoded, plan, options) };
  } finally {
    await decoded.close();
  }
}

/** Encoders find out when all else is done. */
function checkQuality({ quality = 1 }: RestoreFileOptions): void {
  if (Number.isInteger(quality) && quality >= 1 && quality <= 100) return;
  throw new RangeError(`expected a quality from 1 to 100, got ${quality}`);
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

function frameOptions(
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

function labelled<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    throw new MemoryError(`${path}: ${error.message}`, { cause: error });
  }
}
