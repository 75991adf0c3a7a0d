import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listImagePairs } from './imagePairs-node.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-pairs-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function folder(name: string, files: readonly string[]): Promise<string> {
  const path = join(root, name);
  await mkdir(path);
  for (const file of files) await writeFile(join(path, file), '');
  return path;
}

describe('pairs of images', () => {
  it('lie in one folder, told apart by their names', async () => {
    const path = await folder('one', ['b_LR.png', 'b_HR.png', 'a_HR.bmp', 'a_LR.jpg', 'notes.txt']);
    expect(await listImagePairs(path, path)).toEqual([
      { name: 'a', hr: join(path, 'a_HR.bmp'), lr: join(path, 'a_LR.jpg') },
      { name: 'b', hr: join(path, 'b_HR.png'), lr: join(path, 'b_LR.png') },
    ]);
  });

  it('are not what macOS hides beside them', async () => {
    const hr = await folder('hidden-hr', ['1.png', '._1.png']);
    const lr = await folder('hidden-lr', ['1.png', '.2.png']);
    expect(await listImagePairs(hr, lr)).toHaveLength(1);
  });

  it('lie in two folders, in the order of their names', async () => {
    const hr = await folder('hr', ['2.png', '1.png']);
    const lr = await folder('lr', ['2x4.png', '1x4.png']);
    const pairs = await listImagePairs(hr, lr);
    expect(pairs.map((pair) => [pair.name, pair.lr])).toEqual([
      ['1', join(lr, '1x4.png')],
      ['2', join(lr, '2x4.png')],
    ]);
  });

  it('are those of equal names, beside which others may lie', async () => {
    const hr = await folder('originals', ['1.png', '2.png', '3.png']);
    const lr = await folder('poor', ['3.jpg', '1.png']);
    const pairs = await listImagePairs(hr, lr);
    expect(pairs.map((pair) => [pair.hr, pair.lr])).toEqual([
      [join(hr, '1.png'), join(lr, '1.png')],
      [join(hr, '3.png'), join(lr, '3.jpg')],
    ]);
  });

  it('are refused where a side is missing', async () => {
    const two = await folder('two', ['1.png', '2.png']);
    const three = await folder('three', ['1.png', '2.png', '3.png']);
    const none = await folder('none', ['readme.md']);
    await expect(listImagePairs(two, three)).rejects.toThrow(
      `${three}: expected 2 images as in ${two}, got 3`,
    );
    await expect(listImagePairs(none, two)).rejects.toThrow(`${none}: expected images, got none`);
    await expect(listImagePairs(two, two)).rejects.toThrow(
      `${two}: expected names that end in _HR and _LR, got neither`,
    );
    await expect(listImagePairs(join(root, 'absent'), two)).rejects.toThrow(
      /absent: expected a folder of images \(ENOENT\)/,
    );
  });
});
