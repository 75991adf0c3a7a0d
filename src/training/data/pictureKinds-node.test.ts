import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { uprightPhotos, type PhotoFile } from './photoFile.js';
import { kindsFingerprint, readPictureKinds } from './pictureKinds-node.js';

let folder: string;
let photos: PhotoFile[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-kinds-'));
  await mkdir(join(folder, 'more'));
  photos = uprightPhotos(['a.jpg', 'b.jpg', 'more/a.jpg'].map((name) => join(folder, name)));
  for (const { path } of photos) await writeFile(path, '');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const label = (name: string, kinds: unknown): Promise<void> =>
  writeFile(join(folder, name), JSON.stringify(kinds));

it('reads the file of each folder, and says which photographs and words have no part in it', async () => {
  await label('kinds.json', { 'a.jpg': 'plant' });
  await label('more/kinds.json', { 'a.jpg': 'night' });
  const { warnings, ...kinds } = await readPictureKinds(photos, 'file');
  expect(kinds).toEqual({ names: ['', 'night', 'plant'], kindOf: [2, 0, 1] });
  expect(warnings).toEqual([
    'kinds.json names no kind of 1 of 3 photographs: b.jpg',
    expect.stringMatching(
      /^no photograph is of the kinds person, animal, .*text; they are not learned$/,
    ),
  ]);
});

it('tells labels apart', async () => {
  await label('kinds.json', { 'a.jpg': 'plant', 'b.jpg': 'night' });
  await label('more/kinds.json', { 'a.jpg': 'night' });
  const first = kindsFingerprint('file', await readPictureKinds(photos, 'file'));
  await label('more/kinds.json', { 'a.jpg': 'plant' });
  const second = kindsFingerprint('file', await readPictureKinds(photos, 'file'));
  expect(first).toMatch(/^file, sha256 [0-9a-f]{16}$/);
  expect(second).not.toBe(first);
});

it('says which folder has none, which names are no files and which words are unknown', async () => {
  await label('kinds.json', { 'a.jpg': 'tree', 'b.jpg': 'sky' });
  const failure = await readPictureKinds(photos, 'file').catch((error: unknown) => error);
  expect((failure as Error).message.split('\n')).toEqual([
    `${join(folder, 'kinds.json')}: a.jpg: expected person, animal, plant, building, interior, food, ` +
      'landscape, water, sky, night, vehicle, object, texture or text, got "tree"',
    `${join(folder, 'more', 'kinds.json')}: expected the kinds of the photographs beside it, got no file`,
  ]);
  await label('kinds.json', { 'a.jpg': 'sky', 'c.jpg': 'sky' });
  await writeFile(join(folder, 'more', 'kinds.json'), '{');
  await expect(readPictureKinds(photos, 'file')).rejects.toThrow(
    new RegExp(
      `${join(folder, 'kinds.json')}: expected names of files beside it, got c.jpg\n.*expected JSON`,
    ),
  );
});
