/** What pixels can be taken from. A `Blob` is an image file. */
export type PictureSource =
  Blob | ImageData | ImageBitmap | OffscreenCanvas | HTMLCanvasElement | VideoFrame;

/** A picture that cannot be read or written here; the message says why. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}

/** `raw` leaves the numbers of a file as they are, for its colour profile to be kept; `srgb` converts them. */
export type ColourReading = 'raw' | 'srgb';

/**
 * Reads the pixels of a picture, upright: RGBA of 8 bits, the opacity not multiplied in.
 * @throws PictureError when it cannot be decoded, or is larger than a canvas may be here.
 */
export async function readPicture(
  source: PictureSource,
  colours: ColourReading = 'srgb',
): Promise<ImageData> {
  if (source instanceof ImageData) return source;
  if (!(source instanceof Blob)) return pixelsOf(source);
  const bitmap = await decode(source, colours);
  try {
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}

/**
 * The size of an image file, upright.
 * @throws PictureError when it cannot be decoded.
 */
export async function pictureSize(file: Blob): Promise<{ width: number; height: number }> {
  const bitmap = await decode(file, 'srgb');
  const { width, height } = bitmap;
  bitmap.close();
  return { width, height };
}

async function decode(file: Blob, colours: ColourReading): Promise<ImageBitmap> {
  if (file.size === 0) throw new PictureError('expected an image, got no bytes');
  const options: ImageBitmapOptions = {
    imageOrientation: 'from-image',
    colorSpaceConversion: colours === 'raw' ? 'none' : 'default',
  };
  return createImageBitmap(file, options).catch((error: unknown) => {
    const kind = file.type || 'a file of unknown type';
    throw new PictureError(`expected an image this browser can open, got ${kind}`, {
      cause: error,
    });
  });
}

function pixelsOf(source: Exclude<PictureSource, Blob | ImageData>): ImageData {
  const { width, height } =
    'displayWidth' in source
      ? { width: source.displayWidth, height: source.displayHeight }
      : source;
  const context = canvasContext(width, height);
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

export type PictureType = 'image/png' | 'image/jpeg' | 'image/webp';

/**
 * An image file of these pixels, without metadata. `quality` is 1 to 100.
 * @throws PictureError when the browser cannot write the format, or none of this size.
 */
export async function encodePicture(
  pixels: ImageData,
  type: PictureType,
  quality: number,
): Promise<Blob> {
  const context = canvasContext(pixels.width, pixels.height);
  context.putImageData(pixels, 0, 0);
  if (type === 'image/jpeg') {
    // Nothing would become black.
    context.globalCompositeOperation = 'destination-over';
    context.fillStyle = 'white';
    context.fillRect(0, 0, pixels.width, pixels.height);
  }
  const blob = await context.canvas
    .convertToBlob({ type, quality: quality / 100 })
    .catch((error: unknown) => {
      const size = `${pixels.width}x${pixels.height}`;
      throw new PictureError(`this browser cannot write ${size} pixels as ${type}`, {
        cause: error,
      });
    });
  if (blob.type === type) return blob;
  throw new PictureError(`this browser cannot write ${type}`);
}

function canvasContext(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const canvas = new OffscreenCanvas(width, height);
  // On the CPU, where the numbers are read back.
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context) return context;
  throw new PictureError(`${width}x${height} pixels are more than this browser's canvas holds`);
}
