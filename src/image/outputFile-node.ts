import { access, constants, stat } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { channelPlane, type Image } from './image.js';
import { ImageFileError } from './sharp-node.js';

interface FormatLimits {
  /** The longest side that the format holds, in pixels. */
  readonly side: number;
  readonly alpha: boolean;
}

const jpeg: FormatLimits = { side: 65_500, alpha: false };
const tiff: FormatLimits = { side: 2 ** 31 - 1, alpha: true };

/** By file name ending. */
const limits: Readonly<Record<string, FormatLimits>> = {
  '.png': { side: 2 ** 31 - 1, alpha: true },
  '.jpg': jpeg,
  '.jpeg': jpeg,
  '.webp': { side: 16_383, alpha: true },
  '.avif': { side: 16_384, alpha: true },
  '.tif': tiff,
  '.tiff': tiff,
};

/**
 * Finds out, before any work is done, whether an image can be written under a name.
 * @throws ImageFileError when its ending is unknown, it is a folder, or its folder is absent or protected.
 */
export async function checkOutput(path: string): Promise<void> {
  limitsOf(path);
  const present = await stat(path).catch(() => undefined);
  if (present?.isDirectory()) {
    throw new ImageFileError(`${path}: expected a file to write, got a folder`);
  }
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
  const { side } = limitsOf(path);
  if (Math.max(width, height) <= side) return;
  throw new ImageFileError(
    `${path}: expected sides of at most ${side} pixels for this format, got ${width}x${height}`,
  );
}

/**
 * The transparency to write to a file: none where its format holds none and the image has none to lose.
 * @throws ImageFileError when it would be lost.
 */
export function outputAlpha(path: string, alpha: Image | undefined): Image | undefined {
  if (!alpha || limitsOf(path).alpha) return alpha;
  if (channelPlane(alpha, 0).every((opacity) => opacity === 1)) return undefined;
  throw new ImageFileError(`${path}: expected a format that holds transparency, such as .png`);
}

function limitsOf(path: string): FormatLimits {
  const found = limits[extname(path).toLowerCase()];
  if (found) return found;
  throw new ImageFileError(
    `${path}: expected a name that ends in ${Object.keys(limits).join(', ')}`,
  );
}
