import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumProblem, openPage, servePage } from '../browser/chromium.js';
import { readExamples } from './examples.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
let cwd: string;

/** A project that has nanosd installed, with some photos. */
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-docs-'));
  await mkdir(join(cwd, 'node_modules'));
  await symlink(root, join(cwd, 'node_modules', 'nanosd'));
  await mkdir(join(cwd, 'photos', 'below'), { recursive: true });
  const photo = sharp(join(root, 'examples', 'harbour.png'))
    .resize(48, 32)
    .jpeg();
  for (const name of ['photo.jpg', 'photos/a.jpg', 'photos/below/b.jpg']) {
    await photo.toFile(join(cwd, name));
  }
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const sizeOf = async (name: string) => {
  const { format, width, height } = await sharp(join(cwd, name)).metadata();
  return `${format} ${width}x${height}`;
};

describe('the examples of docs/library.md', () => {
  it('run in Node', async () => {
    const examples = await readExamples('library.md', 'node');
    const outputs: string[] = [];
    for (const [i, { code }] of examples.entries()) {
      await writeFile(join(cwd, `example-${i}.mjs`), code);
      const run = promisify(execFile)(process.execPath, [`example-${i}.mjs`], { cwd });
      const { stdout, stderr } = await run;
      expect(stderr).toBe('');
      outputs.push(stdout);
    }
    expect(outputs).toEqual([
      '0 of 1 tiles\n1 of 1 tiles\n96x64; not kept: nothing\n',
      '48\nrestored photos/a.jpg\nrestored photos/below/b.jpg\n0\n',
    ]);
    const names = ['large.png', 'large.webp', 'streamed.png', 'pixels.png', 'results/below/b.jpg'];
    expect(await Promise.all(names.map(sizeOf))).toEqual([
      ...['png 96x64', 'webp 400x267', 'png 192x128', 'png 192x128', 'jpeg 96x64'],
    ]);
    expect((await readdir(cwd)).filter((name) => name.startsWith('.'))).toEqual([]);
  }, 60_000);

  it.skipIf(chromiumProblem !== null)(
    'run in Chromium',
    async () => {
      const [{ code }] = await readExamples('library.md', 'web');
      const page = join(cwd, 'page');
      await mkdir(join(page, 'public'), { recursive: true });
      await symlink(join(root, 'models'), join(page, 'public', 'models'));
      await symlink(join(cwd, 'photo.jpg'), join(page, 'public', 'photo.jpg'));
      const script = '<script type="module" src="./example.js"></script>';
      await writeFile(join(page, 'page.html'), `<!doctype html><title>wait</title>${script}`);
      await writeFile(join(page, 'example.js'), `${code}\ndocument.title = 'done';\n`);
      await using site = await servePage(join(page, 'page.html'));
      await using open = await openPage(site);
      await expect.poll(() => open.page.title(), { timeout: 60_000 }).toBe('done');
      expect(open.complaints).toContain('1 of 1 tiles');
      expect(open.complaints.at(-1)).toBe('500 333');
      expect(open.complaints.filter((line) => /error/i.test(line))).toEqual([]);
    },
    120_000,
  );
});
