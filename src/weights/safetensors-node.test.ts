import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { float32, tensor, zeros, type Tensor } from '../tensor/index.js';
import { checkFinite } from './matching.js';
import { openFile } from './file-node.js';
import { replaceFile } from './replace-file-node.js';
import {
  openSafetensorsFile,
  readSafetensorsFile,
  writeSafetensorsFile,
} from './safetensors-node.js';
import { encodeSafetensors } from './safetensors.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-weights-'));
  path = join(folder, 'model.safetensors');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const weights = new Map<string, Tensor>([
  ['w', float32([2, 1], [1, 2])],
  ['odd', tensor('uint8', [3], Uint8Array.of(1, 2, 3))],
  ['ids', tensor('int64', [1], BigInt64Array.of(-5n))],
]);

describe('files', () => {
  test('save, load, save gives the same bytes', async () => {
    await writeSafetensorsFile(path, weights, { step: '7' });
    const { tensors, metadata } = await readSafetensorsFile(path);
    expect(tensors).toEqual(weights);
    expect(metadata).toEqual({ format: 'pt', step: '7' });
    await writeSafetensorsFile(join(folder, 'again'), tensors, metadata);
    expect(await readFile(join(folder, 'again'))).toEqual(await readFile(path));
  });

  test('an open file reads single tensors, at the offsets that it says, until it is closed', async () => {
    await writeSafetensorsFile(path, weights);
    const file = await openSafetensorsFile(path);
    const { offset, byteLength } = file.entries.get('odd') ?? expect.fail();
    expect([...(await readFile(path)).subarray(offset, offset + byteLength)]).toEqual([1, 2, 3]);
    expect(await file.read('ids')).toEqual(weights.get('ids'));
    await file.close();
    await expect(file.read('w')).rejects.toThrow('tensor "w": ');
  });

  test('a sharded checkpoint is read through its index; missing shards are listed', async () => {
    const index = join(folder, 'model.safetensors.index.json');
    const shards = { w: 'a.safetensors', odd: 'b.safetensors', ids: 'b.safetensors' };
    await writeFile(index, JSON.stringify({ weight_map: shards }));
    await expect(readSafetensorsFile(index)).rejects.toThrow(
      `${index}: 2 of 2 shards are missing: a.safetensors, b.safetensors`,
    );
    const [w, ...rest] = weights;
    await writeSafetensorsFile(join(folder, 'a.safetensors'), new Map([w]));
    await writeSafetensorsFile(join(folder, 'b.safetensors'), new Map(rest));
    expect((await readSafetensorsFile(index)).tensors).toEqual(weights);
  });

  test('nothing is set aside for more bytes than there are', async () => {
    await writeFile(path, Uint8Array.of(1, 2, 3));
    const file = await openFile(path);
    await expect(file.read(1, 2 ** 50)).rejects.toThrow(
      `${path}: expected ${2 ** 50} bytes at 1, got 2`,
    );
    await file.close();
  });

  test('a file below a file cannot be written, and the error says why', async () => {
    await writeFile(path, '');
    await expect(replaceFile(join(path, 'x'), [])).rejects.toThrow(
      `${join(path, 'x')}: a part of the path is not a directory`,
    );
  });

  test.each([
    ['absent', 'no such file or directory'],
    ['.', 'expected a file, got a directory'],
    ['model.safetensors/x', 'a part of the path is not a directory'],
    ['empty', 'expected a safetensors file of at least 8 bytes, got 0'],
  ])('%s is refused: %s', async (name, message) => {
    writeFileSync(path, '');
    writeFileSync(join(folder, 'empty'), '');
    const asked = join(folder, name);
    await expect(readSafetensorsFile(asked)).rejects.toThrow(`${asked}: ${message}`);
  });

  test('what is not a regular file is refused instead of waited for', async () => {
    await expect(readSafetensorsFile('/dev/null')).rejects.toThrow(
      '/dev/null: expected a regular file',
    );
  });
});

describe('crash safety', () => {
  test('a writer that is killed leaves the old file whole', () => {
    writeFileSync(path, 'old');
    const script = `
      import { replaceFile } from ${JSON.stringify(new URL('replace-file-node.ts', import.meta.url))};
      function* chunks() {
        yield new Uint8Array(1024 * 1024);
        process.kill(process.pid, 'SIGKILL');
      }
      await replaceFile(${JSON.stringify(path)}, chunks());
    `;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const child = spawnSync(process.execPath, args, { cwd });
    expect(child.signal, child.stderr.toString()).toBe('SIGKILL');
    expect(readFileSync(path, 'utf8')).toBe('old');
    const partial = readdirSync(folder).filter((name) => name !== 'model.safetensors');
    expect(partial).toEqual([expect.stringMatching(/^model\.safetensors\..+\.partial$/)]);
    expect(readFileSync(join(folder, partial[0])).length).toBe(1024 * 1024);
  }, 30_000);

  test('the final name never shows a partial file', async () => {
    const large = new Map([['w', zeros('uint8', [24 * 1024 * 1024])]]);
    const whole = Array.from(encodeSafetensors(large)).reduce((sum, { length }) => sum + length, 0);
    const sizes: number[] = [];
    function* watched(): Generator<Uint8Array> {
      for (const chunk of encodeSafetensors(large)) {
        sizes.push(existsSync(path) ? readFileSync(path).length : -1);
        yield chunk;
      }
    }
    await replaceFile(path, watched());
    expect(sizes).toEqual([-1, -1, -1, -1]);
    expect(readFileSync(path).length).toBe(whole);
  });

  test('a source that fails leaves the old file and nothing else', async () => {
    writeFileSync(path, 'old');
    function* failing(): Generator<Uint8Array> {
      yield new Uint8Array(10);
      throw new Error('the source failed');
    }
    await expect(replaceFile(path, failing())).rejects.toThrow('the source failed');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  test('weights that the format cannot hold leave the old file', async () => {
    writeFileSync(path, 'old');
    const bad = new Map([['__metadata__', zeros('uint8', [1])]]);
    await expect(writeSafetensorsFile(path, bad)).rejects.toThrow(
      `${path}: __metadata__ cannot name a tensor`,
    );
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  test('writers of the same path do not mix', async () => {
    const versions = [1, 2, 3, 4].map((value) => new Map([['w', float32([1], [value])]]));
    await Promise.all(versions.map((version) => writeSafetensorsFile(path, version)));
    const { tensors } = await readSafetensorsFile(path);
    expect([1, 2, 3, 4]).toContain(tensors.get('w')?.data[0]);
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  test('says what the system refused, and leaves nothing behind', async () => {
    const nowhere = join(folder, 'absent', 'x');
    await expect(writeSafetensorsFile(nowhere, weights)).rejects.toThrow(
      `${nowhere}: no such file or directory`,
    );
    const directory = join(folder, 'directory');
    await mkdir(directory);
    await expect(writeSafetensorsFile(directory, weights)).rejects.toThrow(
      `${directory}: expected a file, got a directory`,
    );
    expect(await readdir(folder)).toEqual(['directory']);
  });
});

const goldens = fileURLToPath(new URL('../../../shared/goldens', import.meta.url));
const haveGoldens = existsSync(goldens);

describe.skipIf(!haveGoldens)('files of the reference (skipped without ../shared/goldens)', () => {
  const files = haveGoldens
    ? readdirSync(goldens, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.safetensors'),
      )
    : [];

  test.each(files)('%s loads, and survives a round trip', async (name) => {
    const { tensors, metadata } = await readSafetensorsFile(join(goldens, name));
    expect(tensors.size).toBeGreaterThan(0);
    expect(() => {
      checkFinite(tensors);
    }).not.toThrow();
    await writeSafetensorsFile(path, tensors, metadata);
    const again = await readSafetensorsFile(path);
    expect([...again.tensors.keys()]).toEqual([...tensors.keys()]);
    for (const [key, { dtype, shape, data }] of tensors) {
      const copy = again.tensors.get(key) ?? expect.fail(key);
      expect([copy.dtype, copy.shape]).toEqual([dtype, shape]);
      expect(Buffer.compare(Buffer.from(copy.data.buffer), Buffer.from(data.buffer))).toBe(0);
    }
  });
});
