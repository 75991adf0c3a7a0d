import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import { fourLevelFiles } from '../checkpoints/fourLevelFiles.js';
import { tinyFiles } from '../checkpoints/tinyFiles.js';
import { nanosd } from './nanosd.js';

let cwd: string;
// Every command is a process of its own.
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-surgery-'));
  await initCheckpoint(join(cwd, 'teacher'), fourLevelFiles, { seed: 1 });
  await initCheckpoint(join(cwd, 'tiny'), tinyFiles, { seed: 1 });
  await nanosd(cwd, '--version');
}, 120_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

const stages = ['--stages', 'RA R RR RR R R'];

describe('nanosd surgery', () => {
  it('writes a whole checkpoint that can be inspected, generated from, exported and cut again', async () => {
    const { code, stdout, stderr } = await nanosd(
      cwd,
      ...['surgery', 'teacher', ...stages, '-o', 'student'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}D3 +RARARA +RR +[\d,]+ +[\d,]+ +0\.0 +0\.0$/m);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(await readdir(join(cwd, 'student'))).toEqual([
      ...['README.md', 'model_index.json', 'scheduler', 'text_encoder', 'tokenizer', 'unet', 'vae'],
    ]);
    const index = await readFile(join(cwd, 'student', 'model_index.json'), 'utf8');
    expect(JSON.parse(index)).toMatchObject({ unet: ['nanosd', 'NanoSDUNet2DConditionModel'] });
    expect(await readFile(join(cwd, 'student', 'README.md'), 'utf8')).toContain(
      'nanosd surgery teacher --stages "RA R RR RR R R" -o student',
    );

    const inspected = await nanosd(cwd, 'inspect', 'student', '--check', '--json');
    expect(inspected).toMatchObject({ code: 0, stderr: '' });
    const { unet } = JSON.parse(inspected.stdout) as { unet: { stages: { name: string }[] } };
    expect(unet.stages.map(({ name }) => name)).toEqual([
      ...['conv_in+time', 'down0', 'down1', 'down2', 'up0', 'up1', 'up2', 'out'],
    ]);
    const generate = ['generate', 'a', '-m', 'student', '-o', 'a.png', '--steps', '2'];
    expect(await nanosd(cwd, ...generate)).toMatchObject({ code: 0 });
    const exported = await nanosd(cwd, 'export', 'student', '-o', 'onnx', '--size', '16');
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    const again = ['surgery', 'student', '--width', '0.5', '--importance', 'norm', '-o', 'half'];
    expect(await nanosd(cwd, ...again)).toMatchObject({ code: 0, stderr: '' });
  });

  it('says what was cut as JSON', async () => {
    const { code, stdout } = await nanosd(
      cwd,
      ...['surgery', 'teacher', ...stages, '--keep-coarsest', '--vae-width', '0.5'],
      ...['--precision', 'fp16', '--json', '-o', 'kept'],
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      output: 'kept',
      stages: { E1: 'RA', E2: 'R', E3: 'RR', D3: 'RR', D2: 'R', D1: 'R' },
      coarsest: 'kept',
      vaeWidth: 0.5,
      input: { width: 16, height: 16 },
    });
  });

  it.each([
    [['teacher', '--stages', 'RX R AR R R R'], /E1: expected one of R, RA, .*; E3: .* got "AR"$/],
    [['tiny', ...stages], /expected a teacher of 4 levels \(SD 1\.x\), got one of 2$/],
    [['teacher'], /expected --stages, --width or --vae-width, got nothing to cut$/],
    [['teacher', '--width', '1.5'], /Expected a share above 0 and at most 1, such as 0\.75/],
  ])('refuses %j in one line, and writes nothing', async (args, says) => {
    const { code, stdout, stderr } = await nanosd(cwd, 'surgery', ...args, '-o', 'never');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^nanosd: .*\n$/);
    expect(stderr.trimEnd()).toMatch(says);
    expect((await readdir(cwd)).filter((entry) => entry.includes('never'))).toEqual([]);
  });
});
