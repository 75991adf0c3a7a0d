import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPngTexts } from '../../src/image/index.js';
import { writeTinyCheckpoint } from '../generation/tinyPipeline.js';
import { nanosd, startNanosd } from './nanosd.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-generate-'));
  await writeTinyCheckpoint(join(cwd, 'tiny'));
  const pixels = { create: { width: 21, height: 13, channels: 3, background: '#4080c0' } } as const;
  await sharp(pixels).png().toFile(join(cwd, 'source.png'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const small = ['-m', 'tiny', '--size', '24x16', '--steps', '2', '--seed', '5'];
const run = (...args: string[]) => nanosd(cwd, 'generate', ...args);

describe('nanosd generate', () => {
  it('makes a picture, the same file for the same seed', async () => {
    const { code, stdout, stderr } = await run('a cat', ...small, '-o', 'a.png');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^a\.png: 24x16, seed 5, in \d+\.\d s\n$/);
    expect(code).toBe(0);
    await run('a cat', ...small, '-o', 'again.png');
    const [first, again] = await Promise.all(
      ['a.png', 'again.png'].map((name) => readFile(join(cwd, name))),
    );
    expect(again.equals(first)).toBe(true);
    expect(readPngTexts(first).get('parameters')).toBe(
      'a cat\nSteps: 2, Sampler: PLMS, CFG scale: 7.5, Seed: 5, Size: 24x16, Model: tiny',
    );
  });

  it('makes several, each with its seed in its name, and says so as JSON', async () => {
    const more = ['-n', '2', '-o', 'many.webp', '--scheduler', 'dpm++', '--json'];
    const { code, stdout } = await run('a cat', ...small, ...more, '--negative', 'dogs');
    expect(code).toBe(0);
    const outcomes = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(outcomes).toMatchObject([
      {
        output: 'many-5.webp',
        model: 'tiny',
        device: 'cpu',
        prompt: 'a cat',
        negativePrompt: 'dogs',
        seed: 5,
        steps: 2,
        scheduler: 'dpm++',
        guidanceScale: 7.5,
        width: 24,
        height: 16,
      },
      { output: 'many-6.webp', seed: 6 },
    ]);
    expect(await readdir(cwd)).toEqual(expect.arrayContaining(['many-5.webp', 'many-6.webp']));
  });

  it('starts from a picture, in its own size if none is asked for', async () => {
    const args = ['-m', 'tiny', '--steps', '2', '--image', 'source.png', '--strength', '0.5'];
    const { code, stdout } = await run('a cat', ...args, '--seed', '1', '-o', 'from.png');
    expect(stdout).toMatch(/^from\.png: 20x12, seed 1/);
    expect(code).toBe(0);
  });

  it('warns of words that the text encoder has no room for', async () => {
    const { code, stderr } = await run('a cat and a dog', ...small, '-o', 'long.png');
    expect(stderr).toBe(
      'nanosd: the model has no room for all of "a cat and a dog"; it leaves out "and a dog"\n',
    );
    expect(code).toBe(0);
  });

  it('shows a preview while it works, and takes it away', async () => {
    const { code } = await run('a cat', ...small, '-o', 'shown.png', '--preview');
    expect(code).toBe(0);
    const names = await readdir(cwd);
    expect(names).toContain('shown.png');
    expect(names.filter((name) => name.includes('preview'))).toEqual([]);
  });

  it('takes any seed if none is given, and names the file for it', async () => {
    const { code, stdout } = await run('a cat', ...small.slice(0, -2));
    const [, name] = /^(generated-\d+\.png): /.exec(stdout) ?? [];
    expect(await readdir(cwd)).toContain(name);
    expect(code).toBe(0);
  });

  it('leaves nothing half written when interrupted', async () => {
    await mkdir(join(cwd, 'out'));
    const many = ['-m', 'tiny', '--size', '256x256', '--steps', '500', '--preview'];
    const { process: child, ended } = startNanosd(cwd, [
      'generate',
      'a cat',
      ...many,
      '-o',
      'out/a.png',
    ]);
    // The preview is there: it computes.
    for (;;) {
      const names = await readdir(join(cwd, 'out'));
      if (names.includes('a.preview.png') || child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(stderr).toBe('nanosd: interrupted\n');
    expect(code).toBe(130);
    expect(await readdir(join(cwd, 'out'))).toEqual([]);
  });
});

describe('nanosd generate refuses', () => {
  it.each<[string, string[], RegExp]>([
    ['sides', ['--size', '25x16'], /multiples of 4 pixels, got 25x16; the nearest is 24x16/],
    ['a checkpoint', ['-m', 'nowhere'], /nowhere: expected a folder with a model_index\.json/],
    ['a strength alone', ['--strength', '0.5'], /expected --image for a --strength, got none/],
    [
      'a strength',
      ['--image', 'source.png', '--strength', '2'],
      /a strength above 0 and at most 1/,
    ],
    ['a source', ['--image', 'none.png'], /none\.png/],
    [
      'little memory',
      ['--max-memory', '1MB'],
      /expected \d+ MB of memory to make a picture of 24x16/,
    ],
    ['too many steps', ['--steps', '5000'], /expected 1 to 1000 steps, got 5000/],
    [
      'its own source',
      ['--image', 'source.png', '-o', 'source.png'],
      /is the picture to start from/,
    ],
  ])('%s, in one line', async (_, args, message) => {
    const { code, stdout, stderr } = await run('a cat', ...small, '-o', 'refused.png', ...args);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(await readdir(cwd)).not.toContain('refused.png');
  });

  it('to replace a file that it was not told to', async () => {
    await writeFile(join(cwd, 'generated-5.png'), 'mine');
    const { code, stderr } = await run('a cat', ...small);
    expect(stderr).toBe(
      'nanosd: generated-5.png: exists; --overwrite replaces it, -o names another\n',
    );
    expect(code).toBe(2);
    expect((await run('a cat', ...small, '--overwrite')).code).toBe(0);
  });
});
