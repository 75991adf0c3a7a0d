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
 * Pairs the pictures of two folders: by name where each poor one has a good one of its name, which others may be beside, and in the
 * order of their names elsewhere. Where names end in `_HR` or `_LR`, only those count, so both kinds may lie in one folder.
 * @throws ImageFileError when a folder holds no pictures, or the folders do not hold as many.
 */
export async function listImagePairs(hrFolder: string, lrFolder: string): Promise<ImagePair[]> {
  const hr = marked(await listImages(hrFolder), /_HR$/i);
  const lr = marked(await listImages(lrFolder), /_LR$/i);
  const twins = twinsOf(hr, lr);
  if (hrFolder !== lrFolder && twins) return twins.map(([a, b]) => pair(hrFolder, a, lrFolder, b));
  if (hr.length !== lr.length) {
    throw new ImageFileError(
      `${lrFolder}: expected ${hr.length} images as in ${hrFolder}, got ${lr.length}`,
    );
  }
  if (hrFolder === lrFolder && hr.every((name, i) => name === lr[i])) {
    throw new ImageFileError(`${hrFolder}: expected names that end in _HR and _LR, got neither`);
  }
  return hr.map((name, i) => pair(hrFolder, name, lrFolder, lr[i]));
}

function pair(hrFolder: string, hr: string, lrFolder: string, lr: string): ImagePair {
  return { name: stem(hr), hr: join(hrFolder, hr), lr: join(lrFolder, lr) };
}

const stem = (file: string): string => parse(file).name.replace(/_[HL]R$/i, '');

/** The good picture of the same name for each poor one, unless one has none. */
function twinsOf(hr: readonly string[], lr: readonly string[]): [hr: string, lr: string][] | null {
  const byStem = new Map(hr.map((name) => [stem(name), name]));
  const twins = lr.flatMap((name): [string, string][] => {
    const twin = byStem.get(stem(name));
    return twin === undefined ? [] : [[twin, name]];
  });
  return twins.length === lr.length ? twins : null;
}

/**
 * The names of a folder's pictures, in order.
 * @throws ImageFileError when there are none.
 */
export async function listImages(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    const problem = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ImageFileError(`${folder}: expected a folder of images (${problem})`, {
      cause: error,
    });
  });
  // Hidden files are no pictures, such as the `._1.png` that macOS leaves beside `1.png`.
  const images = names.filter((name) => imageFile.test(name) && !name.startsWith('.')).sort();
  if (images.length === 0) throw new ImageFileError(`${folder}: expected images, got none`);
  return images;
}

function marked(images: readonly string[], suffix: RegExp): readonly string[] {
  const found = images.filter((name) => suffix.test(parse(name).name));
  return found.length > 0 ? found : images;
}
