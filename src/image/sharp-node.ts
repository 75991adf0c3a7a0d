import { extname } from 'node:path';
import sharp, { type Exif } from 'sharp';
import { openFile } from '../weights/file-node.js';
import { WeightsError } from '../weights/errors.js';
import { replaceFile } from '../weights/replace-file-node.js';
import { decodeBmp, isBmp } from './bmp.js';
import { createImage, imageFromBytes, imageToBytes, type Image } from './image.js';
import { photoFormats, type PhotoFormatName } from './photoFormats.js';
import { fillUserComment, userCommentSpace } from './userComment-node.js';

/** An image file that cannot be read or written; the message says which, and why, in one line. */
export class ImageFileError extends Error {
  override readonly name = 'ImageFileError';
}

/** What an image file holds: 8-bit sRGB pixels [3, H, W], upright, and its transparency [1, H, W]. */
export interface Photo {
  readonly image: Image;
  readonly alpha?: Image;
}

export interface ReadOptions {
  /** Larger images are refused before they are decoded; 2^28 unless given. */
  readonly maxPixels?: number;
}

export interface WriteOptions {
  /** Opacity [1, H, W], 0 to 1. */
  readonly alpha?: Image;
  /** 1 to 100, for JPEG, WebP and AVIF; 95 unless given. */
  readonly quality?: number;
  /** What JPEG, WebP and AVIF carry as Exif's UserComment. */
  readonly comment?: string;
}

export type ImageFormat = PhotoFormatName;

const DEFAULT_MAX_PIXELS = 2 ** 28;
const DEFAULT_QUALITY = 95;

/**
 * Reads the pixels of an image file (or the bytes of one) as RGB; transparency is left out.
 * @throws ImageFileError when it is missing, empty, truncated, too large or no image.
 */
export async function readImage(
  source: string | Uint8Array,
  options: ReadOptions = {},
): Promise<Image> {
  return (await readPhoto(source, options)).image;
}

/**
 * Reads an image file (or the bytes of one): what libvips decodes, and BMP.
 * @throws ImageFileError when it is missing, empty, truncated, too large or no image.
 */
export async function readPhoto(
  source: string | Uint8Array,
  options: ReadOptions = {},
): Promise<Photo> {
  const name = typeof source === 'string' ? source : 'image';
  const bytes = typeof source === 'string' ? await readBytes(source) : source;
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS;
  if (bytes.length === 0) throw new ImageFileError(`${name}: expected an image, got no bytes`);
  try {
    if (isBmp(bytes)) return { image: decodeBmp(bytes, maxPixels) };
    return await decode(bytes, maxPixels);
  } catch (error) {
    throw new ImageFileError(`${name}: ${oneLine(error)}`, { cause: error });
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await openFile(path);
    try {
      return await file.read(0, file.size);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asImageFileError(error);
  }
}

async function decode(bytes: Uint8Array, maxPixels: number): Promise<Photo> {
  const input = sharp(bytes, { failOn: 'error', limitInputPixels: false });
  const { width, height } = await input.metadata().catch((error: unknown) => {
    throw new RangeError('expected an image, got something else', { cause: error });
  });
  if (width * height > maxPixels) {
    throw new RangeError(`expected at most ${maxPixels} pixels, got ${width}x${height}`);
  }
  const { data, info } = await input
    .autoOrient()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw new RangeError(`the image is damaged (${oneLine(error)})`, { cause: error });
    });
  return splitAlpha(imageFromBytes(data, info.width, info.height, info.channels));
}

function splitAlpha(decoded: Image): Photo {
  const { width, height, channels, data } = decoded;
  if (channels === 3) return { image: decoded };
  return {
    image: createImage(width, height, 3, data.slice(0, 3 * width * height)),
    alpha: createImage(width, height, 1, data.slice(3 * width * height)),
  };
}

/**
 * Writes an image of one or three channels, limited to [0, 1] and rounded to 8 bits, in the format that the
 * extension names. What the path held stays until all of the new file is on disk.
 * @throws ImageFileError when the format is unknown or cannot hold the image, or the path cannot be written.
 */
export async function writeImage(
  path: string,
  image: Image,
  options: WriteOptions = {},
): Promise<void> {
  const format = photoFormats[extname(path).toLowerCase()];
  if (!format) {
    const known = Object.keys(photoFormats).join(', ');
    throw new ImageFileError(`${path}: expected a name that ends in ${known}`);
  }
  if (!format.opacity && options.alpha) {
    throw new ImageFileError(`${path}: JPEG holds no transparency; expected another format`);
  }
  try {
    await replaceFile(path, [await encodeImage(format.name, image, options)]);
  } catch (error) {
    const named = error instanceof WeightsError ? error : `${path}: ${oneLine(error)}`;
    throw asImageFileError(named, error);
  }
}

/** The bytes of an image file; JPEG and AVIF keep the colours at full resolution. */
export async function encodeImage(
  format: ImageFormat,
  image: Image,
  { comment, ...options }: WriteOptions = {},
): Promise<Uint8Array> {
  const holdsExif = format === 'jpeg' || format === 'webp' || format === 'avif';
  if (comment === undefined || !holdsExif) return encodePixels(format, image, options, {});
  const exif = { IFD2: { UserComment: userCommentSpace(comment) } };
  const file = await encodePixels(format, image, options, exif);
  fillUserComment(file, comment);
  return file;
}

async function encodePixels(
  format: ImageFormat,
  image: Image,
  { alpha, quality = DEFAULT_QUALITY }: WriteOptions,
  exif: Exif,
): Promise<Uint8Array> {
  const joined = alpha ? withAlpha(image, alpha) : image;
  const { width, height, channels } = joined;
  if (!isChannelCount(channels)) {
    throw new RangeError(`expected 1 or 3 channels to write, got ${image.channels}`);
  }
  const plain = sharp(imageToBytes(joined), { raw: { width, height, channels } });
  const pixels = Object.keys(exif).length === 0 ? plain : plain.withExif(exif);
  switch (format) {
    case 'png':
      return pixels.png().toBuffer();
    case 'jpeg':
      return pixels.jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
    case 'webp':
      return pixels.webp({ quality, smartSubsample: true }).toBuffer();
    case 'avif':
      return pixels.avif({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
    case 'tiff':
      return pixels.tiff({ compression: 'deflate' }).toBuffer();
    case 'gif':
      return pixels.gif().toBuffer();
  }
}

function withAlpha(image: Image, alpha: Image): Image {
  const { width, height, channels } = image;
  const data = new Float32Array((channels + 1) * width * height);
  if (alpha.data.length !== width * height) {
    throw new RangeError(
      `expected an alpha plane of ${width}x${height}, got ${alpha.width}x${alpha.height}`,
    );
  }
  data.set(image.data);
  data.set(alpha.data, image.data.length);
  return { width, height, channels: channels + 1, data };
}

function isChannelCount(channels: number): channels is 1 | 2 | 3 | 4 {
  return channels >= 1 && channels <= 4;
}

/** The first line of an error's message: libvips adds more. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0].trim();
}

function asImageFileError(error: unknown, cause: unknown = error): ImageFileError {
  return new ImageFileError(typeof error === 'string' ? error : oneLine(error), { cause });
}
