import { imageFileFormat, outputSize } from '../../src/index.js';
import {
  readPhotoHeader,
  type FileRestorer,
  type ImageFormat,
  type PhotoHeader,
  type RestoreFileOptions,
} from '../../src/node.js';
import { ApiError } from './apiError.js';
import type { Order } from './order.js';

export interface PhotoLimits {
  /** Bytes of a photo's file. */
  readonly maxBytes: number;
  /** Pixels of all frames of a photo. */
  readonly maxPixels: number;
  /** Pixels of all frames of a result. */
  readonly maxResultPixels: number;
  /** What one photo may take in memory, and how it is divided; both as for the library. */
  readonly compute: Pick<RestoreFileOptions, 'tile' | 'maxMemory'>;
}

/** A photo that has been looked at from outside, and what is to be done to it. */
export interface Assignment {
  readonly photo: Uint8Array;
  readonly order: Order;
  readonly restorer: FileRestorer;
  readonly format: ImageFormat;
  readonly options: RestoreFileOptions;
  readonly input: PhotoHeader;
  /** Pixels of one frame of the result. */
  readonly output: { readonly width: number; readonly height: number };
  /** Says that the photo is not needed any more. */
  readonly release: () => void;
}

/** In the words of HTTP. */
export const contentTypes: Readonly<Record<ImageFormat, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  avif: 'image/avif',
  tiff: 'image/tiff',
  gif: 'image/gif',
};

/**
 * Checks all that a photo's header tells; none of its pixels has been decoded.
 * @throws ApiError when the model has no fidelity to ask for, or it is no image, damaged or too large, or its result would be too large.
 */
export async function inspect(
  photo: Uint8Array,
  order: Order,
  restorer: FileRestorer,
  limits: PhotoLimits,
): Promise<Omit<Assignment, 'release'>> {
  checkFidelity(order, restorer);
  const input = await readHeader(photo);
  checkPixels('photo', input, input.frames, limits.maxPixels);
  const output = outputSize(input, restorer.scale, order.options);
  checkPixels('result', output, input.frames, limits.maxResultPixels);
  const format = order.format ?? sameFormat(input);
  const options = { ...order.options, ...limits.compute, maxPixels: limits.maxPixels };
  return { photo, order, restorer, format, options, input, output };
}

function checkFidelity({ options: { fidelity } }: Order, { model, fidelity: usual }: FileRestorer) {
  if (fidelity === undefined || usual !== undefined) return;
  throw new ApiError(
    400,
    'bad_parameter',
    `fidelity: expected none, as ${model.name} has one set of weights, got ${fidelity}`,
  );
}

async function readHeader(photo: Uint8Array): Promise<PhotoHeader> {
  if (photo.length === 0) {
    throw new ApiError(400, 'no_image', 'expected an image as the body, got no bytes');
  }
  // Whatever else libvips reads (SVG, PDF) is a program more than a picture.
  const format = imageFileFormat(photo);
  if (format === undefined || format === 'heic') {
    const known = 'JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP';
    const found = format === undefined ? 'something else' : 'HEIC';
    throw new ApiError(415, 'unsupported_type', `expected an image (${known}), got ${found}`);
  }
  return readPhotoHeader(photo, { maxPixels: Infinity });
}

function sameFormat({ format }: PhotoHeader): ImageFormat {
  return format === undefined || format === 'bmp' || format === 'heic' ? 'png' : format;
}

const advice = { photo: 'send a smaller one', result: 'ask for a smaller scale, width or height' };

function checkPixels(
  what: keyof typeof advice,
  { width, height }: { readonly width: number; readonly height: number },
  frames: number,
  limit: number,
): void {
  if (width * height * frames <= limit) return;
  const times = frames > 1 ? `${frames} times ` : '';
  throw new ApiError(
    413,
    'too_many_pixels',
    `expected a ${what} of at most ${limit} pixels, got ${times}${width}x${height}; ${advice[what]}`,
  );
}
