import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planPhotoTree } from './photoTree-node.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-tree-'));
  await mkdir(join(root, 'photos/below'), { recursive: true });
  await mkdir(join(root, 'photos/out'));
  await symlink('..', join(root, 'photos/below/loop'));
  await symlink('photos', join(root, 'link'));
  for (const name of ['a.jpg', 'b.jfif', 'below/c.bmp', 'out/a.jpg']) {
    await writeFile(join(root, 'photos', name), name);
  }
});
afterAll(() => rm(root, { recursive: true }));

async function places(inputs: readonly string[], output: string): Promise<string[]> {
  const given = inputs.map((input) => join(root, input));
  const jobs = await planPhotoTree(given, join(root, output), { recursive: true });
  return jobs.map((job) => relative(join(root, output), job.output));
}

describe('a plan of photos', () => {
  it('keeps the tree and what formats are, and does not go round in circles', async () => {
    expect(await places(['photos/below'], 'new')).toEqual(['c.png']);
    expect(await places(['photos'], 'photos/out')).toEqual(['a.jpg', 'b.jfif', 'below/c.png']);
  });

  it.each([
    ['link', 'photos/out'],
    ['photos', 'link/out'],
  ])('leaves results inside the photos out by whatever name: %s to %s', async (input, output) => {
    expect(await places([input], output)).toEqual(['a.jpg', 'b.jfif', 'below/c.png']);
  });

  it.skipIf(process.platform === 'win32')('goes on where a folder cannot be read', async () => {
    await mkdir(join(root, 'disk/lost+found'), { recursive: true });
    await writeFile(join(root, 'disk/z.jpg'), 'z');
    await chmod(join(root, 'disk/lost+found'), 0);
    await chmod(root, 0o755);
    const jobs = await asNobody(() => {
      return planPhotoTree([join(root, 'disk')], join(root, 'new'), { recursive: true });
    });
    expect(jobs).toMatchObject([{ problem: 'the folder cannot be read' }, { size: 1 }]);
  });

  it('refuses photos that would get one name', async () => {
    const twice = places(['photos/a.jpg', 'photos/out/a.jpg'], 'new');
    await expect(twice).rejects.toThrow('a.jpg: expected one photo of this name, got several');
  });
});

/** Root may read everything. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
