/** The disk has no room for a picture that is in work; the message says which. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
}

/** What the system says then; libvips hands it on among words of its own. */
const fullDisk = /no space left|not enough space|quota exceeded/i;

/**
 * Does what writes to a disk.
 * @throws DiskFullError where that was full, by whatever error that became known.
 */
export async function withRoomOnDisk<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new DiskFullError(`${name}: no space left on the disk`, { cause: error });
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && (fullDisk.test(error.message) || isDiskFull(error.cause));
}
