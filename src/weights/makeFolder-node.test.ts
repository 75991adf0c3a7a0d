import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WeightsError } from './errors.js';
import { makeFolder } from './makeFolder-node.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-make-folder-'));
});

afterAll(() => rm(folder, { recursive: true }));

describe('a folder', () => {
  it('is made with all that it lies in, once or several times at once', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(folder, 'a', 'd'))]);
    await makeFolder(path);
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  it('is not made where a file is', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(makeFolder(file)).rejects.toThrow(`${file}: `);
    await expect(makeFolder(join(file, 'a'))).rejects.toThrow(WeightsError);
  });

  it.runIf(process.platform === 'linux')('is refused where the system makes none', async () => {
    await expect(makeFolder('/proc/nanosd')).rejects.toThrow(WeightsError);
    await expect(makeFolder('/proc/nanosd/a/b')).rejects.toThrow(WeightsError);
  });
});
