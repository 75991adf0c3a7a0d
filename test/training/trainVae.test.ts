import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import { openCheckpoint } from '../../src/models/openCheckpoint-node.js';
import { tinyFiles } from '../checkpoints/tinyFiles.js';
import { eventsOf, run, start } from './cli.js';
import { writePictures } from './pictures.js';

// Each test starts processes of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-train-vae-'));
  await initCheckpoint(join(folder, 'teacher'), tinyFiles, { seed: 1 });
  await writePictures(join(folder, 'photos'), 3, 72);
  await writePictures(join(folder, 'held-out'), 2, 33);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const train = (output: string, ...more: string[]): string[] => [
  ...['train-vae', join(folder, 'teacher'), '--photos', join(folder, 'photos')],
  ...['--validation', join(folder, 'held-out'), '-o', join(folder, output), '--json'],
  ...['--width', '8', '--steps', '20', '--batch', '4', '--resolution', '16', ...more],
];

it('distils the VAE of a checkpoint, which takes its place there', async () => {
  const { code, stdout, stderr } = await run(...train('vae'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const losses = eventsOf(stdout).flatMap((event) =>
    event.kind === 'step' ? [event.metrics.loss] : [],
  );
  expect(losses).toHaveLength(20);
  expect(Math.min(...losses)).toBeLessThan(losses[0]);
  const vae = join(folder, 'vae');
  const report = JSON.parse(await readFile(join(vae, 'report.json'), 'utf8')) as object;
  expect(report).toMatchObject({
    photos: 2,
    side: 32,
    momentError: { mean: expect.any(Number) as number },
    cycleError: { teacher: expect.any(Number) as number, student: expect.any(Number) as number },
  });
  expect(await readFile(join(vae, 'README.md'), 'utf8')).toContain('## Against the teacher');

  const checkpoint = join(folder, 'checkpoint');
  await cp(join(folder, 'teacher'), checkpoint, { recursive: true });
  await rm(join(checkpoint, 'vae'), { recursive: true });
  await cp(vae, join(checkpoint, 'vae'), { recursive: true });
  await using opened = await openCheckpoint(checkpoint);
  expect(opened.vae.network.className).toBe('NanoSDAutoencoder');
  const inspected = await run('inspect', checkpoint, '--json');
  expect(inspected.code).toBe(0);
});

it('gives the same bytes when it is killed and resumed', async () => {
  const running = start(...train('killed', '--seed', '7'));
  await running.event((event) => event.kind === 'step' && event.metrics.step >= 3);
  running.process.kill('SIGINT');
  expect((await running.finished).code).toBe(130);
  const resumed = await run(...train('killed', '--seed', '7', '--resume'));
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
  const whole = await run(...train('whole', '--seed', '7'));
  expect(whole.code).toBe(0);
  const weightsOf = (name: string): Promise<Buffer> =>
    readFile(join(folder, name, 'diffusion_pytorch_model.safetensors'));
  expect((await weightsOf('killed')).equals(await weightsOf('whole'))).toBe(true);
});

it('says in a line what does not fit', async () => {
  const none = await run('train-vae', join(folder, 'photos'), '--photos', folder, '-o', 'x');
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(/^nanosd: .*photos: expected .*\n$/);
  const teacher = join(folder, 'teacher');
  const empty = await run('train-vae', teacher, '--photos', teacher, '-o', 'x');
  expect(empty).toMatchObject({ code: 2 });
  expect(empty.stderr).toMatch(/expected photographs, got none\n$/);
  const odd = await run(...train('odd', '--resolution', '15'));
  expect(odd.code).toBe(2);
  expect(odd.stderr).toMatch(/data: sample_size|data.sample_size/);
});
