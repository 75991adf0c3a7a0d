import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listPhotos, photosFingerprint } from './photoFolder-node.js';
import { readPhotoOrigins } from './photoSources-node.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'nanosd-photos-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

it('photographs are listed by name, without what macOS hides beside them', async () => {
  for (const name of ['b.jpg', 'a.PNG', '._b.jpg', 'notes.txt']) {
    await writeFile(join(folder, name), '');
  }
  expect((await listPhotos([folder])).map((path) => basename(path))).toEqual(['a.PNG', 'b.jpg']);
});

it('a link that leads nowhere is no obstacle to telling photographs apart', async () => {
  await symlink(join(folder, 'nowhere'), join(folder, 'a.jpg'));
  expect(await photosFingerprint(await listPhotos([folder]))).toMatch(/^1 photographs, sha256 /);
});

it.each([
  ['{"name":"my app"}', 'expected a list, got {"name":"my app"}'],
  ['not json', 'expected JSON'],
])('a manifest of something else is named: %s', async (text, message) => {
  const manifest = join(folder, 'manifest.json');
  await writeFile(manifest, text);
  await expect(readPhotoOrigins([join(folder, 'a.jpg')])).rejects.toThrow(
    `${manifest}: ${message}`,
  );
});
