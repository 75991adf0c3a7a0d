import { mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeSystemError } from '../weights/file-node.js';
import { emptyRaster } from './raster-node.js';
import { ImageFileError, oneLine } from './sharp-node.js';

/** A hidden folder beside what is being made, for everything that is not done. */
export interface WorkFolder extends AsyncDisposable {
  path(name: string): string;
  /** Moves a file of this folder to where it belongs: there, it is either all of it or not at all. */
  publish(name: string, target: string): Promise<void>;
  /** Removes all files but one. */
  keepOnly(name: string): Promise<void>;
}

const workFolder = /^\.nanosd-(\d+)-\w{6}$/;

/**
 * Makes a work folder inside `folder`. Disposing of it removes it with all that is left in it.
 * @throws ImageFileError when the system refuses.
 */
export async function createWorkFolder(folder: string): Promise<WorkFolder> {
  const root = await asFileError(folder, mkdtemp(join(folder, `.nanosd-${process.pid}-`)));
  const path = (name: string): string => join(root, name);
  return {
    path,
    publish: (name, target) => asFileError(target, publish(path(name), target)),
    async keepOnly(kept) {
      const others = (await readdir(root)).filter((name) => name !== kept).map(path);
      for (const other of others) await emptyRaster(other);
      await Promise.all(others.map((other) => rm(other)));
    },
    async [Symbol.asyncDispose]() {
      for (const name of await readdir(root).catch(() => [])) await emptyRaster(path(name));
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Removes the work folders inside `folder` whose processes have been killed. */
export async function removeStaleWorkFolders(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const match = workFolder.exec(name);
    if (!match || (await isInUse(join(folder, name), Number(match[1])))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Whether a name is that of a work folder. */
export function isWorkFolder(name: string): boolean {
  return workFolder.test(name);
}

/** In containers, a run often has the number that the killed one before it had: what is older than this process is not its own. */
async function isInUse(path: string, owner: number): Promise<boolean> {
  if (owner !== process.pid) return isRunning(owner);
  const begun = Date.now() - 1000 * process.uptime();
  const changed = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
  return changed >= begun;
}

function isRunning(process_: number): boolean {
  try {
    // Signal 0 only asks.
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function publish(partial: string, target: string): Promise<void> {
  await syncFile(partial);
  await rename(partial, target);
}

/** A file's bytes must be on the disk before its name is: a power cut would leave an empty file. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

async function asFileError<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new ImageFileError(oneLine(describeSystemError(path, error)), { cause: error });
  }
}
