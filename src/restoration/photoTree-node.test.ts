import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
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

  it('refuses photos that would get one name', async () => {
    const twice = places(['photos/a.jpg', 'photos/out/a.jpg'], 'new');
    await expect(twice).rejects.toThrow('a.jpg: expected one photo of this name, got several');
  });
});
