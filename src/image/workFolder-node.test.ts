import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorkFolder, removeStaleWorkFolders } from './workFolder-node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-work-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('a work folder gives away what is done, and takes the rest with it', async () => {
  const target = join(folder, 'done.txt');
  {
    await using work = await createWorkFolder(folder);
    await writeFile(work.path('a'), 'all of it');
    await writeFile(work.path('b'), 'a part');
    await work.publish('a', target);
    expect((await readdir(folder)).length).toBe(2);
  }
  expect(await readdir(folder)).toEqual(['done.txt']);
  expect(await readFile(target, 'utf8')).toBe('all of it');
});

it('only those of processes that have ended are removed by others', async () => {
  await using mine = await createWorkFolder(folder);
  // No system has a process of this number.
  await mkdir(join(folder, '.nanosd-99999999-abcdef'));
  await mkdir(join(folder, '.nanosd-else'));
  await removeStaleWorkFolders(folder);
  const left = (await readdir(folder)).filter((name) => name.startsWith('.')).sort();
  expect(left).toHaveLength(2);
  expect(left).toContain('.nanosd-else');
  await writeFile(mine.path('still'), 'here');
});

it('those of a killed process are not taken for those of the next with its number', async () => {
  await using mine = await createWorkFolder(folder);
  const killed = join(folder, `.nanosd-${process.pid}-abcdef`);
  await mkdir(killed);
  await utimes(killed, 1, 1);
  await removeStaleWorkFolders(folder);
  await writeFile(mine.path('still'), 'here');
  expect(await readdir(folder)).not.toContain(basename(killed));
});

it('a folder that is absent is reported by its name', async () => {
  await expect(createWorkFolder(join(folder, 'nowhere'))).rejects.toThrow(
    /nowhere: no such file or directory$/,
  );
});
