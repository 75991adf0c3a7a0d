import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { WeightsError } from './errors.js';
import { describeSystemError } from './file-node.js';

export interface ReplaceFolderOptions {
  /** A file by which a folder is known to be one that may be replaced; without it, none is but an empty one. */
  readonly replaces?: string;
}

/**
 * Writes a folder so that it appears under its name only when it is whole: `write` fills another one beside it,
 * which is renamed. After a crash that one may be left; the next attempt removes it.
 * @throws WeightsError when there is something under the name that may not be replaced, or the system refuses;
 * whatever `write` throws. Nothing is left behind then, and nothing replaced.
 */
export async function replaceFolder(
  folder: string,
  write: (partial: string) => Promise<void>,
  options: ReplaceFolderOptions = {},
): Promise<void> {
  const path = resolve(folder);
  const beside = (kind: string): string => join(dirname(path), `.${basename(path)}.${kind}`);
  const [partial, replaced] = [beside('partial'), beside('replaced')];
  await requireReplaceable(folder, options);
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial);
    await write(partial);
    await syncFiles(partial);
    await rm(replaced, { recursive: true, force: true });
    await rename(path, replaced).catch(ignoreAbsent);
    await rename(partial, path);
    await syncFolder(dirname(path));
    await rm(replaced, { recursive: true, force: true });
  } catch (error) {
    // What was refused may be refused again; the error to tell is the first.
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw describeSystemError(folder, error);
  }
}

async function requireReplaceable(
  folder: string,
  { replaces }: ReplaceFolderOptions,
): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found) return;
  if (!found.isDirectory()) throw new WeightsError(`${folder}: expected a folder, got a file`);
  const names = await readdir(folder);
  if (names.length === 0 || (replaces !== undefined && names.includes(replaces))) return;
  const wanted = replaces === undefined ? 'no folder yet' : `a folder with ${replaces} to replace`;
  throw new WeightsError(`${folder}: expected ${wanted}, got one that is not empty`);
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function syncFiles(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name), 'r+');
    await file.sync();
    await file.close();
  }
}

/** Makes a rename durable before what it replaces is deleted; Windows cannot open a folder. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync();
  await folder?.close();
}
