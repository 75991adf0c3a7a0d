import { access, constants, stat } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { photoFormats, type PhotoFormat } from './photoFormats.js';
import { ImageFileError } from './sharp-node.js';

/**
 * Finds out, before any work is done, whether an image can be written under a name.
 * @throws ImageFileError when its ending is unknown, it is a folder, or its folder is absent or protected.
 */
export async function checkOutput(path: string): Promise<void> {
  const present = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG') {
      throw new ImageFileError(`${path}: the name is too long`, { cause: error });
    }
    return undefined;
  });
  if (present?.isDirectory()) {
    throw new ImageFileError(`${path}: expected a file to write, got a folder`);
  }
  photoFormatOf(path);
  const folder = dirname(path);
  await access(folder, constants.W_OK).catch((error: unknown) => {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const problem = missing ? 'does not exist' : 'cannot be written to';
    throw new ImageFileError(`${path}: the folder ${folder} ${problem}`, { cause: error });
  });
}

/**
 * Finds out whether the format of a file holds images of this size.
 * @throws ImageFileError saying how much it holds.
 */
export function checkOutputSize(path: string, width: number, height: number): void {
  checkFormatSize(path, photoFormatOf(path), width, height);
}

/** The same for a format; `name` is what the message calls the result. */
export function checkFormatSize(
  name: string,
  { side }: PhotoFormat,
  width: number,
  height: number,
): void {
  if (Math.max(width, height) <= side) return;
  throw new ImageFileError(
    `${name}: expected sides of at most ${side} pixels for this format, got ${width}x${height}`,
  );
}

/**
 * The format that a file name asks for.
 * @throws ImageFileError listing the endings that are known.
 */
export function photoFormatOf(path: string): PhotoFormat {
  const found = photoFormats[extname(path).toLowerCase()];
  if (found) return found;
  throw new ImageFileError(
    `${path}: expected a name that ends in ${Object.keys(photoFormats).join(', ')}`,
  );
}
