import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { ImageFileError } from './sharp-node.js';

/** A good picture and the poor one that it is to be restored from. */
export interface ImagePair {
  /** The file name of the good one, without ending and `_HR`. */
  readonly name: string;
  readonly hr: string;
  readonly lr: string;
}

const imageFile = /\.(png|jpe?g|webp|avif|tiff?|bmp|gif)$/i;

/**
 * Pairs the pictures of two folders in the order of their names. Where names end in `_HR` or `_LR`, only
 * those count, so both kinds may lie in one folder.
 * @throws ImageFileError when a folder holds no pictures, or the folders do not hold as many.
 */
export async function listImagePairs(hrFolder: string, lrFolder: string): Promise<ImagePair[]> {
  const hr = await listImages(hrFolder, /_HR$/i);
  const lr = await listImages(lrFolder, /_LR$/i);
  if (hr.length !== lr.length) {
    throw new ImageFileError(
      `${lrFolder}: expected ${hr.length} images as in ${hrFolder}, got ${lr.length}`,
    );
  }
  if (hrFolder === lrFolder && hr.every((name, i) => name === lr[i])) {
    throw new ImageFileError(`${hrFolder}: expected names that end in _HR and _LR, got neither`);
  }
  return hr.map((name, i) => ({
    name: parse(name).name.replace(/_HR$/i, ''),
    hr: join(hrFolder, name),
    lr: join(lrFolder, lr[i]),
  }));
}

async function listImages(folder: string, suffix: RegExp): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    const problem = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ImageFileError(`${folder}: expected a folder of images (${problem})`, {
      cause: error,
    });
  });
  // Hidden files are no pictures, such as the `._1.png` that macOS leaves beside `1.png`.
  const images = names.filter((name) => imageFile.test(name) && !name.startsWith('.')).sort();
  if (images.length === 0) throw new ImageFileError(`${folder}: expected images, got none`);
  const marked = images.filter((name) => suffix.test(parse(name).name));
  return marked.length > 0 ? marked : images;
}
