import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImageFileError } from '../image/sharp-node.js';
import { MemoryError } from '../runtime/memory.js';
import type { FileRestorer } from './openRestorer-node.js';
import type { PhotoJob } from './photoTree-node.js';
import type { RestoreFileOptions } from './photoPlan-node.js';
import type { RestoredFile } from './restorePhoto-node.js';
import { restoreTree } from './restoreTree-node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-restore-tree-'));
  for (const name of ['a.jpg', 'b.jpg', 'file']) await writeFile(join(folder, name), name);
});
afterAll(() => rm(folder, { recursive: true }));

const job = (input: string, output: string): PhotoJob => {
  return { input: join(folder, input), output: join(folder, output), size: 1 };
};

type Restore = (output: string, options: RestoreFileOptions) => Promise<void>;

/** A restorer that does no more than this. */
function restorerOf(restore: Restore): FileRestorer {
  const restoreFile = async (
    _input: unknown,
    output: string,
    options: RestoreFileOptions,
  ): Promise<RestoredFile> => {
    await restore(output, options);
    return { width: 1, height: 1, frames: 1, ms: 1, lost: [], stretched: 1 };
  };
  return { restoreFile } as FileRestorer;
}

const write: Restore = (output) =>
  writeFile(output, 'restored').catch((error: unknown) => {
    throw new ImageFileError(`${output}: cannot be written`, { cause: error });
  });

describe('restoring a tree', () => {
  it('takes no photo for its own result, by whatever name', async () => {
    await symlink('a.jpg', join(folder, 'alias.jpg'));
    const jobs = [job('a.jpg', 'a.jpg'), job('a.jpg', 'alias.jpg'), job('b.jpg', 'new/b.jpg')];
    const outcomes = await restoreTree(restorerOf(write), jobs);
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'failed', 'restored']);
    expect(outcomes[0]).toMatchObject({
      reason: 'the result would replace the photo itself, which only overwrite allows',
    });
    const again = await restoreTree(restorerOf(write), jobs.slice(2));
    expect(again.map(({ status }) => status)).toEqual(['skipped']);
  });

  it('fails only those photos whose folder cannot be made', async () => {
    const jobs = [job('a.jpg', 'file/a.jpg'), job('b.jpg', 'other/b.jpg')];
    const outcomes = await restoreTree(restorerOf(write), jobs);
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'restored']);
  });

  it('fails what is known to be no photo', async () => {
    const lost = { ...job('lost+found', 'lost+found.png'), problem: 'the folder cannot be read' };
    const [outcome] = await restoreTree(restorerOf(write), [lost]);
    expect(outcome).toMatchObject({ status: 'failed', reason: 'the folder cannot be read' });
  });

  it('divides the memory, and does alone what needs more than its share', async () => {
    const shares: (number | undefined)[] = [];
    const restorer = restorerOf((output, { maxMemory = 0 }) => {
      shares.push(maxMemory);
      if (output.endsWith('large.jpg') && maxMemory < 900) throw new MemoryError('expected more');
      return write(output, {});
    });
    const jobs = ['large.jpg', 'c.jpg', 'd.jpg'].map((name) => job('a.jpg', name));
    const told: string[] = [];
    const outcomes = await restoreTree(restorer, jobs, {
      jobs: 2,
      maxMemory: 1000,
      onOutcome: ({ status }) => told.push(status),
    });
    expect(outcomes.map(({ status }) => status)).toEqual(['restored', 'restored', 'restored']);
    expect([told.length, ...shares]).toEqual([3, 500, 500, 500, 1000]);
  });
});
