import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeSystemError } from './file-node.js';

/**
 * Writes a file so that `path` holds, at every moment and after any crash, either what it held before or
 * all of the chunks: they go to a new file beside it, reach the disk, and are renamed.
 * @throws WeightsError when the system refuses; whatever the chunks throw. Nothing is left behind then.
 */
export async function replaceFile(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await writeDurably(partial, chunks);
    await rename(partial, path);
  } catch (error) {
    // What was refused may be refused again; the error to tell is the first.
    await rm(partial, { force: true }).catch(() => undefined);
    throw describeSystemError(path, error);
  }
  await syncDirectory(dirname(path));
}

async function writeDurably(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for await (const chunk of chunks) await writeFully(file, chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeFully(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await file.write(chunk, written);
    written += bytesWritten;
  }
}

/** Makes the rename itself durable; Windows cannot open a directory, and its rename needs no such thing. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined);
  if (!directory) return;
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
