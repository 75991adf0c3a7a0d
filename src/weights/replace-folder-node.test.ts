import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFolder } from './replace-folder-node.js';

let root: string;
beforeEach(async () => (root = await mkdtemp(join(tmpdir(), 'nanosd-folder-'))));
afterEach(() => rm(root, { recursive: true, force: true }));

const writing = (text: string) => async (folder: string) => {
  await mkdir(join(folder, 'inner'));
  await writeFile(join(folder, 'inner', 'file'), text);
};

describe('replaceFolder', () => {
  it('shows the folder when it is whole, and nothing beside it', async () => {
    const path = join(root, 'new');
    await replaceFolder(path, async (partial) => {
      expect(await readdir(root)).toEqual(['.new.partial']);
      await writing('a')(partial);
    });
    expect(await readdir(root)).toEqual(['new']);
    expect(await readFile(join(path, 'inner', 'file'), 'utf8')).toBe('a');
  });

  it('leaves everything as it was when writing fails', async () => {
    const failing = replaceFolder(join(root, 'new'), async (partial) => {
      await writing('a')(partial);
      throw new Error('enough');
    });
    await expect(failing).rejects.toThrow('enough');
    expect(await readdir(root)).toEqual([]);
  });

  it('passes on what a signal was aborted with', async () => {
    const aborted = replaceFolder(join(root, 'new'), () => {
      AbortSignal.abort().throwIfAborted();
      return Promise.resolve();
    });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('removes what a killed process has left', async () => {
    await mkdir(join(root, '.new.partial'));
    await writeFile(join(root, '.new.partial', 'rest'), '');
    await replaceFolder(join(root, 'new'), writing('a'));
    expect(await readdir(join(root, 'new'))).toEqual(['inner']);
  });

  it('replaces an empty folder, or one that it is told to know by a file', async () => {
    await mkdir(join(root, 'empty'));
    await replaceFolder(join(root, 'empty'), writing('a'));
    await mkdir(join(root, 'old'));
    await writeFile(join(root, 'old', 'mark'), '');
    await replaceFolder(join(root, 'old'), writing('b'), { replaces: 'mark' });
    expect(await readdir(join(root, 'old'))).toEqual(['inner']);
    expect((await readdir(root)).sort()).toEqual(['empty', 'old']);
  });

  it('replaces nothing else', async () => {
    const path = join(root, 'mine');
    await mkdir(path);
    await writeFile(join(path, 'letter'), '');
    const write = () => expect.fail('written');
    await expect(replaceFolder(path, write)).rejects.toThrow(
      `${path}: expected no folder yet, got one that is not empty`,
    );
    await expect(replaceFolder(path, write, { replaces: 'mark' })).rejects.toThrow(
      `${path}: expected a folder with mark to replace, got one that is not empty`,
    );
    await expect(replaceFolder(join(path, 'letter'), write)).rejects.toThrow(
      'expected a folder, got a file',
    );
    await expect(replaceFolder(join(root, 'gone', 'new'), write)).rejects.toThrow(
      'no such file or directory',
    );
  });
});
