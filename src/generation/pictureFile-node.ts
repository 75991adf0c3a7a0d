import { extname } from 'node:path';
import { addPngText, imresize, clampImage, type Image } from '../image/index.js';
import { encodeImage, ImageFileError, writeImage } from '../image/sharp-node.js';
import { replaceFile } from '../weights/replace-file-node.js';

/**
 * Writes a picture with a text about how it was made, which PNG files carry under `parameters`, JPEG, WebP and AVIF as
 * Exif's UserComment; other formats go without. What the path held stays until all of the new file is on disk.
 * @throws ImageFileError when the format is unknown or the path cannot be written.
 */
export async function writePicture(path: string, image: Image, text: string): Promise<void> {
  if (extname(path).toLowerCase() !== '.png') {
    return writeImage(path, image, { comment: text });
  }
  const png = addPngText(await encodeImage('png', image), 'parameters', text);
  await replaceFile(path, [png]).catch((error: unknown) => {
    throw new ImageFileError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  });
}

/** A file that shows the newest of a row of pictures. */
export interface PreviewFile {
  /** Shows a picture soon, at a size of its own; while one is being written, newer ones replace what waits. */
  show(preview: Image, width: number, height: number): void;
  /** Waits for what is being written. */
  settled(): Promise<void>;
}

export function createPreviewFile(path: string): PreviewFile {
  let waiting: (() => Promise<void>) | undefined;
  let writing: Promise<void> | undefined;
  const writeWaiting = async (): Promise<void> => {
    while (waiting) {
      const next = waiting;
      waiting = undefined;
      await next();
    }
    writing = undefined;
  };
  return {
    show(preview, width, height) {
      waiting = () => writeImage(path, clampImage(imresize(preview, { width, height })));
      writing ??= writeWaiting();
    },
    settled: async () => writing,
  };
}
