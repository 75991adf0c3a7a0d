import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { imresize, quantizeImage } from '../../src/image/index.js';
import { writeImage } from '../../src/image/sharp-node.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { meanScore, type ValidationReport } from '../../src/training/validation/validation.js';
import { eventsOf, run, writeProject } from './cli.js';
import { wavesPicture } from './pictures.js';

// Each test starts processes of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let config: string;
let stdout: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-export-'));
  const validation = {
    every_steps: 4,
    sets: { waves: { hr: 'pairs', lr: 'pairs' } },
    pictures: 1,
  };
  config = await writeProject(folder, { steps: 10, validation, checkpointing_minutes: 60 });
  await mkdir(join(folder, 'pairs'));
  for (const i of [1, 2]) {
    const target = quantizeImage(wavesPicture(52, 44, i));
    await writeImage(join(folder, 'pairs', `${i}_HR.png`), target);
    await writeImage(join(folder, 'pairs', `${i}_LR.png`), imresize(target, { scale: 0.5 }));
  }
  const manifest = [
    { file: 'photo-0.png', licence: 'CC0', repo: 'a/b', commit: '123', source: 'x.jpg' },
    { file: 'photo-1.png', licence: 'CC0', repo: 'a/b', commit: '123', source: 'x.jpg' },
  ];
  await writeFile(join(folder, 'photos', 'manifest.json'), JSON.stringify(manifest));
  const trained = await run('train', config, '--json');
  expect(trained.stderr).toBe('');
  ({ stdout } = trained);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('validates every so many steps and at the end, and keeps the best', async () => {
  const reports = eventsOf(stdout).flatMap((event) => (event.kind === 'validation' ? [event] : []));
  expect(reports.map(({ report }) => report.step)).toEqual([4, 8, 10]);
  const scores = reports.map(({ report }) => meanScore(report));
  const log = await readFile(join(folder, 'run', 'metrics.jsonl'), 'utf8');
  for (const { report } of reports) expect(log).toContain(`${JSON.stringify(report)}\n`);
  const best = JSON.parse(
    await readFile(join(folder, 'run', 'best', 'metrics.json'), 'utf8'),
  ) as ValidationReport;
  expect(meanScore(best)).toBe(Math.max(...scores));
  expect(reports.filter((event) => event.best).at(-1)?.report.step).toBe(best.step);
  expect((await readdir(join(folder, 'run', 'validation'))).sort()).toEqual([
    'step-00000004',
    'step-00000008',
    'step-00000010',
  ]);
  expect(await readdir(join(folder, 'run', 'validation', 'step-00000008'))).toEqual([
    'waves-1.png',
  ]);
});

it('exports a model folder that says what it is made of', async () => {
  const output = join(folder, 'model');
  const exported = await run('export-model', config, '-o', output);
  expect(exported.stderr).toBe('');
  expect(exported.code).toBe(0);
  expect((await readdir(output)).sort()).toEqual([
    'README.md',
    'config.json',
    'diffusion_pytorch_model.safetensors',
  ]);
  const stored = await readSafetensorsFile(join(output, 'diffusion_pytorch_model.safetensors'));
  const kept = await readSafetensorsFile(
    join(folder, 'run', 'best', 'diffusion_pytorch_model.safetensors'),
  );
  expect([...stored.tensors.keys()].sort()).toEqual([...kept.tensors.keys()].sort());
  expect(new Set([...stored.tensors.values()].map(({ dtype }) => dtype))).toEqual(
    new Set(['float16']),
  );
  const card = await readFile(join(output, 'README.md'), 'utf8');
  expect(card).toContain(`nanosd train ${config}`);
  expect(card).toMatch(/\| waves \| 2 +\| \d+\.\d\d +\|/);
  expect(card).toMatch(/\| a\/b@123 +\| CC0 +\| 1 +\| 2 +\|/);
  expect(card).toMatch(/\| photos +\| not stated +\| 1 +\| 1 +\|/);
});

it('leaves a folder of other files alone', async () => {
  const output = join(folder, 'app');
  await mkdir(output);
  await writeFile(join(output, 'README.md'), 'mine');
  expect(await run('export-model', config, '-o', output)).toMatchObject({
    code: 2,
    stderr: `nanosd: ${output}: expected no folder yet, an empty one, or a model to replace, got one with other files\n`,
  });
  expect(await readdir(output)).toEqual(['README.md']);
});

it('exports the newest weights of a run that was not validated, and says so where there are none', async () => {
  const plain = join(folder, 'plain');
  const path = await writeProject(plain, { steps: 2 });
  const none = await run('export-model', path, '-o', join(plain, 'model'), '--newest');
  expect(none).toMatchObject({
    code: 2,
    stderr: `nanosd: ${join(plain, 'run', 'checkpoints')}: expected a checkpoint, got none\n`,
  });
  await run('train', path);
  const best = await run('export-model', path, '-o', join(plain, 'model'));
  expect(best.stderr).toMatch(/best: expected weights that a validation has kept, got none\n$/);
  const newest = await run('export-model', path, '-o', join(plain, 'model'), '--newest');
  expect(newest).toMatchObject({ code: 0, stderr: '' });
  expect(newest.stdout).toMatch(/parameters of step 2, 0\.0\d MB\n$/);
});
