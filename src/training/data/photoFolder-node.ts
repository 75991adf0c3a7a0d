import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigError } from '../../models/index.js';

const extensions = /\.(jpe?g|png|webp|avif|tiff?|bmp)$/i;

/**
 * The photographs of folders: folder by folder as given, in each by name; sub-folders are not entered.
 * @throws ConfigError when a folder is missing or all of them are empty.
 */
export async function listPhotos(folders: readonly string[]): Promise<string[]> {
  const paths = (await Promise.all(folders.map(photosIn))).flat();
  if (paths.length === 0) {
    throw new ConfigError(`${folders.join(', ')}: expected photographs, got none`);
  }
  return paths;
}

async function photosIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new ConfigError(`${folder}: expected a folder of photographs, got none`, {
      cause: error,
    });
  });
  // Hidden files are no photographs, such as the `._1.jpg` that macOS leaves beside `1.jpg`.
  const photos = names.filter((name) => extensions.test(name) && !name.startsWith('.'));
  return photos.sort().map((name) => join(folder, name));
}

/** Tells one list of photographs from another, wherever it lies: by names, lengths and order. */
export async function photosFingerprint(paths: readonly string[]): Promise<string> {
  const lines = await Promise.all(
    paths.map(async (path) => `${basename(path)} ${await sizeOf(path)}\n`),
  );
  const digest = createHash('sha256').update(lines.join('')).digest('hex');
  return `${paths.length} photographs, sha256 ${digest.slice(0, 16)}`;
}

/** A link that leads nowhere is a photograph that cannot be used, as a damaged one is: reading it says so. */
function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
