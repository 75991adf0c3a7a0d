import { createHash } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { flipHorizontal, flipVertical, rotate90, type Image } from '../../image/index.js';
import { readImage } from '../../image/sharp-node.js';
import { ConfigError } from '../../models/index.js';
import type { PhotoFile } from './photoFile.js';
import { photoListName, readPhotoList, type PhotoList } from './photoList-node.js';

const extensions = /\.(jpe?g|png|webp|avif|tiff?|bmp)$/i;

/**
 * The photographs of folders and of what lies below them: as given, in each its photographs by name, then those of its
 * sub-folders by name. Links are followed, hidden files left out. A `photos.json` (`readPhotoList`) in any of these
 * folders says what to leave out or to turn; such a file may also be given in place of the folder that it names.
 * @throws ConfigError when a folder is missing or all of them are empty, or a list is of another form or names what
 * is not there.
 */
export async function listPhotos(places: readonly string[]): Promise<PhotoFile[]> {
  const photos = (await Promise.all(places.map(photosOf))).flat();
  if (photos.length === 0) {
    throw new ConfigError(`${places.join(', ')}: expected photographs, got none`);
  }
  return photos;
}

async function photosOf(place: string): Promise<PhotoFile[]> {
  if (!place.toLowerCase().endsWith('.json')) return photosBelow(place, new Set());
  const list = await readPhotoList(place);
  return list.apply(await photosBelow(list.folder, new Set()));
}

/** Folders above are named by where they really lie, so that a link to one of them ends the descent. */
async function photosBelow(folder: string, above: ReadonlySet<string>): Promise<PhotoFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new ConfigError(`${folder}: expected a folder of photographs, got none`, {
      cause: error,
    });
  });
  const real = await realpath(folder);
  if (above.has(real)) return [];
  const visible = entries.filter(({ name }) => !name.startsWith('.'));
  const [photos, folders]: [PhotoFile[], string[]] = [[], []];
  for (const entry of visible.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await isFolderAt(path)));
    if (isFolder) folders.push(path);
    else if (extensions.test(entry.name)) photos.push({ path, turn: 0 });
  }
  for (const below of folders)
    photos.push(...(await photosBelow(below, new Set([...above, real]))));
  const list: PhotoList | null = visible.some(({ name }) => name === photoListName)
    ? await readPhotoList(join(folder, photoListName))
    : null;
  return list ? list.apply(photos) : photos;
}

/** A link that leads nowhere may be a photograph that cannot be used. */
function isFolderAt(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * Reads a photograph as RGB, upright.
 * @throws ImageFileError as `readImage`.
 */
export async function readPhotoFile({ path, turn }: PhotoFile): Promise<Image> {
  const image = await readImage(path);
  switch (turn) {
    case 0:
      return image;
    case 90:
      return rotate90(image);
    case 180:
      return flipHorizontal(flipVertical(image));
    case 270:
      return flipHorizontal(flipVertical(rotate90(image)));
  }
}

/** Tells one list of photographs from another, wherever it lies: by names, lengths, order and turns. */
export async function photosFingerprint(photos: readonly PhotoFile[]): Promise<string> {
  const lines = await Promise.all(
    photos.map(async ({ path, turn }) => {
      const turned = turn === 0 ? '' : ` turned ${turn}`;
      return `${basename(path)} ${await sizeOf(path)}${turned}\n`;
    }),
  );
  const digest = createHash('sha256').update(lines.join('')).digest('hex');
  return `${photos.length} photographs, sha256 ${digest.slice(0, 16)}`;
}

/** A link that leads nowhere is a photograph that cannot be used, as a damaged one is: reading it says so. */
function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
