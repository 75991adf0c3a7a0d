import { open, stat, type FileHandle } from 'node:fs/promises';
import type { ByteSource } from './byte-source.js';
import { WeightsError } from './errors.js';

/** The kernel (and Node) refuse to move 2 GiB in one call. */
const LARGEST_READ = 1024 ** 3;

/** A byte source that holds a file open until it is closed. */
export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

/**
 * Opens a file for ranged reads.
 * @throws WeightsError when there is no such file, or it is not a regular file, or cannot be read.
 */
export async function openFile(path: string): Promise<FileSource> {
  const handle = await openRegularFile(path).catch((error: unknown) => {
    throw describeSystemError(path, error);
  });
  const { size } = await handle.stat();
  return {
    name: path,
    size,
    read: async (offset, length) => {
      // Before memory is set aside for what a hostile file says it holds.
      if (offset + length > size) throw tooShort(path, length, offset, Math.max(0, size - offset));
      return readRange(handle, path, offset, length);
    },
    close: () => handle.close(),
  };
}

/** Like `openFile`, but undefined where there is no file of that name. */
export async function openFileIfPresent(path: string): Promise<FileSource | undefined> {
  const present = await stat(path).then(
    () => true,
    (error: unknown) => !(error instanceof Error && 'code' in error && error.code === 'ENOENT'),
  );
  return present ? openFile(path) : undefined;
}

async function openRegularFile(path: string): Promise<FileHandle> {
  // Before opening: to open a named pipe would wait for a writer.
  const kind = await stat(path);
  if (kind.isDirectory()) throw new WeightsError(`${path}: expected a file, got a directory`);
  if (!kind.isFile()) throw new WeightsError(`${path}: expected a regular file`);
  return open(path, 'r');
}

async function readRange(
  handle: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const wanted = Math.min(length - done, LARGEST_READ);
    const { bytesRead } = await handle.read(bytes, done, wanted, offset + done);
    if (bytesRead === 0) {
      throw tooShort(path, length, offset, done);
    }
    done += bytesRead;
  }
  return bytes;
}

function tooShort(path: string, length: number, offset: number, got: number): WeightsError {
  return new WeightsError(
    `${path}: expected ${length} bytes at ${offset}, got ${got} (did the file shrink?)`,
  );
}

/** Says what the system refused to do with a file, in one line. */
export function describeSystemError(path: string, error: unknown): Error {
  // An aborted signal's error has a code too, but a number.
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') {
    return error instanceof Error ? error : new Error(String(error));
  }
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ENOTDIR: 'a part of the path is not a directory',
    EEXIST: 'there is something else of that name',
    EISDIR: 'expected a file, got a directory',
    ENOSPC: 'no space left on the device',
    EROFS: 'the file system is read-only',
    EMFILE: 'too many open files',
    ELOOP: 'its links lead nowhere but to themselves',
    ENAMETOOLONG: 'the name is too long',
  };
  return new WeightsError(`${path}: ${reasons[error.code] ?? error.message}`, { cause: error });
}
