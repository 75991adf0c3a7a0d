import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createImage } from '../../image/index.js';
import { writeImage } from '../../image/sharp-node.js';
import { uprightPhotos } from './photoFile.js';
import { listPhotos, photosFingerprint, readPhotoFile } from './photoFolder-node.js';
import { readPhotoOrigins } from './photoSources-node.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'nanosd-photos-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

it('photographs are listed by name, without what macOS hides beside them', async () => {
  for (const name of ['b.jpg', 'a.PNG', '._b.jpg', 'notes.txt']) {
    await writeFile(join(folder, name), '');
  }
  expect((await listPhotos([folder])).map(({ path }) => basename(path))).toEqual([
    'a.PNG',
    'b.jpg',
  ]);
});

/** What is found below the folder, by its path from there. */
async function found(place = folder): Promise<[string, number][]> {
  const photos = await listPhotos([place]);
  return photos.map(({ path, turn }) => [relative(folder, path).replaceAll('\\', '/'), turn]);
}

it('photographs of sub-folders follow those of their folder, and a link back ends it', async () => {
  await mkdir(join(folder, 'a', 'deep'), { recursive: true });
  await mkdir(join(folder, '.hidden'));
  for (const name of ['b.jpg', 'a/2.jpg', 'a/1.jpg', 'a/deep/3.jpg', '.hidden/4.jpg']) {
    await writeFile(join(folder, name), '');
  }
  await symlink(folder, join(folder, 'a', 'back'));
  const names = (await found()).map(([name]) => name);
  expect(names).toEqual(['b.jpg', 'a/1.jpg', 'a/2.jpg', 'a/deep/3.jpg']);
});

describe('a list of what to leave out and to turn', () => {
  const write = (name: string, list: unknown): Promise<void> =>
    writeFile(join(folder, name), JSON.stringify(list));
  beforeEach(async () => {
    await mkdir(join(folder, 'in', 'more'), { recursive: true });
    for (const name of ['in/game-1.jpg', 'in/game-2.jpg', 'in/x.jpg', 'in/more/x.jpg']) {
      await writeFile(join(folder, name), '');
    }
  });
  const list = { skip: ['game-*'], turn: { 'more/x.jpg': 270 } };
  const expected = [
    ['in/x.jpg', 0],
    ['in/more/x.jpg', 270],
  ];

  it('lies beside the photographs', async () => {
    await write('in/photos.json', list);
    expect(await found()).toEqual(expected);
  });

  it('or anywhere, and is given in their place', async () => {
    await write('elsewhere.json', { folder: 'in', ...list });
    expect(await found(join(folder, 'elsewhere.json'))).toEqual(expected);
  });

  it('makes another list of photographs', async () => {
    const prints = new Set<string>();
    for (const turn of [{}, { 'x.jpg': 90 }, { 'x.jpg': 180 }]) {
      await write('in/photos.json', { turn });
      prints.add(await photosFingerprint(await listPhotos([folder])));
    }
    expect(prints.size).toBe(3);
  });

  it.each([
    [
      { skip: ['gone.jpg', 'x.jpg'] },
      /photos\.json: expected names of photographs in .*, got gone\.jpg$/,
    ],
    [{ turn: { 'x.jpg': 45 } }, /photos\.json: turn\.x\.jpg: expected 90, 180 or 270, got 45/],
    [{ skips: [] }, /photos\.json: skips: no such key/],
  ])('%j is named', async (wrong, message) => {
    await write('in/photos.json', wrong);
    await expect(listPhotos([folder])).rejects.toThrow(message);
  });

  it('that is not there is named', async () => {
    const path = join(folder, 'none.json');
    await expect(listPhotos([path])).rejects.toThrow(`${path}: expected a list of photographs`);
  });
});

it('photographs are turned clockwise', async () => {
  const path = join(folder, 'a.png');
  // A row of black, gray and white.
  await writeImage(path, createImage(3, 1, 1, Float32Array.of(0, 0.4, 1)));
  const turned = async (turn: 90 | 180 | 270): Promise<number[]> => {
    const { width, height, data } = await readPhotoFile({ path, turn });
    return [width, height, ...data.slice(0, 3)].map((value) => Math.round(10 * value) / 10);
  };
  expect(await turned(90)).toEqual([1, 3, 0, 0.4, 1]);
  expect(await turned(180)).toEqual([3, 1, 1, 0.4, 0]);
  expect(await turned(270)).toEqual([1, 3, 1, 0.4, 0]);
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
  await expect(readPhotoOrigins(uprightPhotos([join(folder, 'a.jpg')]))).rejects.toThrow(
    `${manifest}: ${message}`,
  );
});
