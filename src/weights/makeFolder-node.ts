import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeSystemError } from './file-node.js';

/**
 * Makes a folder and those that it lies in, where they are absent.
 * @throws WeightsError when the system refuses.
 */
export async function makeFolder(path: string): Promise<void> {
  await makeAll(path).catch((error: unknown) => {
    throw describeSystemError(path, error);
  });
}

/** Node's own recursion never ends where the system makes no folders, as below `/proc`. */
async function makeAll(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if (!isError(error, 'ENOENT') || dirname(path) === path) throw error;
    await makeAll(dirname(path));
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const present = isError(error, 'EEXIST') && (await stat(path)).isDirectory();
    if (!present) throw error;
  }
}

function isError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
