import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readImage } from '../../src/image/sharp-node.js';
import { writePictures } from '../training/pictures.js';
import { nanosd, startNanosd, type Ended } from './nanosd.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-degrade-'));
  await writePictures(join(cwd, 'photos'), 2, 66);
  await writePictures(join(cwd, 'tiny'), 1, 20);
  await nanosd(cwd, '--version');
}, 120_000);
beforeEach(() => rm(join(cwd, 'out'), { recursive: true, force: true }));
afterAll(() => rm(cwd, { recursive: true, force: true }));

const degrade = (...args: string[]): Promise<Ended> => nanosd(cwd, 'degrade', ...args);

interface Report {
  readonly settings: { readonly scale: number };
  readonly pairs: readonly { readonly name: string; readonly steps: readonly { kind: string }[] }[];
}

describe('nanosd degrade', () => {
  it('makes pairs that eval takes, says what was drawn, and draws a sheet', async () => {
    const args = ['photos', '-o', 'out', '-d', 'mixed', '--number', '2', '--sheet', 'sheet.png'];
    const { code, stdout, stderr } = await degrade(...args, '--json');
    expect([code, stderr]).toEqual([0, '']);
    const report = JSON.parse(stdout) as Report;
    const names = ['photo-0-1', 'photo-0-2', 'photo-1-1', 'photo-1-2'];
    expect(report.pairs.map(({ name }) => name)).toEqual(names);
    expect(report.pairs.every(({ steps }) => steps.at(-1)?.kind === 'quantize')).toBe(true);
    for (const folder of ['HR', 'LQ']) {
      const files = await readdir(join(cwd, 'out', folder));
      expect(files.sort()).toEqual(names.map((name) => `${name}.png`));
    }
    const good = await readImage(join(cwd, 'out/HR/photo-0-1.png'));
    const poor = await readImage(join(cwd, 'out/LQ/photo-0-1.png'));
    expect([good.width, poor.width]).toEqual([64, 16]);
    expect((await readImage(join(cwd, 'sheet.png'))).width).toBeGreaterThan(400);
    const record = JSON.parse(await readFile(join(cwd, 'out/degradations.json'), 'utf8')) as Report;
    expect(record.pairs).toEqual(report.pairs);
    const scores = await nanosd(cwd, 'eval', '-m', 'bicubic', '--hr', 'out/HR', '--lr', 'out/LQ');
    expect(scores.code).toBe(0);
  });

  it('makes the same again from the same seed, and only what is missing', async () => {
    await degrade('photos', '-o', 'out', '-d', 'web', '--scale', '1', '--seed', '5');
    const path = join(cwd, 'out/LQ/photo-1.png');
    const first = await readFile(path);
    await rm(path);
    const { code, stdout } = await degrade(
      'photos',
      '-o',
      'out',
      '-d',
      'web',
      '-s',
      '1',
      '--seed',
      '5',
    );
    expect([code, stdout.split(' pairs')[0]]).toEqual([0, '2']);
    expect(await readFile(path)).toEqual(first);
    const other = await degrade('photos', '-o', 'out', '-d', 'web', '-s', '1', '--seed', '6');
    expect(other.stderr).toContain(
      'out: expected a new folder, got one with pairs of other settings',
    );
    expect(other.code).toBe(2);
  });

  it('takes a file, whose scale it knows', async () => {
    await writeFile(join(cwd, 'half.yaml'), 'kind: bicubic\nscale: 2\n');
    const { stdout } = await degrade(
      'photos/photo-0.png',
      '-o',
      'out',
      '-d',
      'half.yaml',
      '--json',
    );
    expect((JSON.parse(stdout) as Report).settings.scale).toBe(2);
    expect((await readImage(join(cwd, 'out/LQ/photo-0.png'))).width).toBe(33);
    const wrong = await degrade('photos', '-o', 'else', '-d', 'half.yaml', '--scale', '4');
    expect(wrong.stderr).toBe('nanosd: --scale: expected 2, as half.yaml shrinks, got 4\n');
  });

  it('stops at Ctrl-C with a record of what is done', async () => {
    const command = startNanosd(cwd, ['degrade', 'photos', '-o', 'out', '-d', 'web', '-n', '5000']);
    const isBegun = async () => (await readdir(join(cwd, 'out/LQ')).catch(() => [])).length > 0;
    while (!(await isBegun())) await new Promise((resolve) => setTimeout(resolve, 50));
    command.process.kill('SIGINT');
    expect((await command.ended).code).toBe(130);
    const record = JSON.parse(await readFile(join(cwd, 'out/degradations.json'), 'utf8')) as Report;
    expect(record.pairs.length).toBeGreaterThan(0);
  });
});

describe('bad input of degrade is told in one line:', () => {
  it.each<[string, string[], string]>([
    [
      'an unknown preset',
      ['photos', '-o', 'out', '-d', 'mixt'],
      '--degradation: expected a file or one of realesrgan, camera, web, shake, defocus, old-photo, mixed, got mixt',
    ],
    [
      'its own input',
      ['photos', '-o', 'photos', '-d', 'web'],
      'photos: expected a folder apart from the photographs in photos',
    ],
    [
      'a folder inside its input',
      ['photos', '-o', 'photos/pairs', '-d', 'web'],
      'photos/pairs: expected a folder apart from the photographs in photos',
    ],
    [
      'a scale beyond all',
      ['photos', '-o', 'out', '-d', 'web', '-s', '64'],
      '--scale: expected 1 to 16, got 64',
    ],
    [
      'nothing',
      ['none', '-o', 'out', '-d', 'web'],
      'none: expected a photograph or a folder of them, got nothing',
    ],
  ])('%s', async (_, args, message) => {
    const { code, stderr } = await degrade(...args);
    expect([code, stderr]).toEqual([2, `nanosd: ${message}\n`]);
  });

  it('a photograph that is too small, after which the others go on', async () => {
    const { code, stderr } = await degrade('tiny', 'photos', '-o', 'out', '-d', 'web');
    expect(code).toBe(3);
    expect(stderr).toContain('photo-0.png: expected at least 32x32 pixels at scale 4, got 20x20');
    expect(await readdir(join(cwd, 'out/HR'))).toHaveLength(2);
  });

  it('an output of other pictures', async () => {
    await mkdir(join(cwd, 'out/HR'), { recursive: true });
    await writeFile(join(cwd, 'out/HR/mine.png'), '');
    const { code, stderr } = await degrade('photos', '-o', 'out', '-d', 'web');
    expect([code, stderr]).toEqual([
      2,
      'nanosd: out: expected a folder without pairs, got HR/mine.png\n',
    ]);
  });
});
