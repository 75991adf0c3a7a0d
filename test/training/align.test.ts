import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import { openCheckpoint } from '../../src/models/openCheckpoint-node.js';
import { fourLevelFiles } from '../checkpoints/fourLevelFiles.js';
import { eventsOf, run, start } from './cli.js';
import { writePictures } from './pictures.js';

// Each test starts processes of its own.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-align-'));
  await initCheckpoint(at('teacher'), fourLevelFiles, { seed: 1 });
  await writePictures(at('photos'), 3, 72);
  await writePictures(at('held-out'), 2, 40);
  const cut = ['surgery', at('teacher'), '--stages', 'R RA R R R R', '-o', at('student')];
  expect(await run(...cut)).toMatchObject({ code: 0, stderr: '' });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const align = (output: string, ...more: string[]): string[] => [
  ...['align', at('student'), '--teacher', at('teacher'), '--photos', at('photos')],
  ...['--validation', at('held-out'), '--cache', at('latents'), '-o', at(output)],
  ...['--steps', '12', '--batch', '2', '--resolution', '16', '--learning-rate', '3e-3'],
  ...['--ema', '0.5', ...more],
];

function heldOut(stdout: string): number[] {
  return eventsOf(stdout).flatMap((event) => {
    if (event.kind !== 'validation') return [];
    const { held_out: score } = event.report.validation;
    return 'loss' in score ? [score.loss] : [];
  });
}

it('brings a student nearer to its teacher, and writes all of a checkpoint', async () => {
  const { code, stdout, stderr } = await run(
    ...align('aligned', '--feature-weight', '0.1', '--json'),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const losses = heldOut(stdout);
  // At the start, and after every step.
  expect(losses).toHaveLength(13);
  expect(losses[12]).toBeLessThan(losses[0]);
  await using aligned = await openCheckpoint(at('aligned'));
  expect(aligned.unet.network.className).toBe('NanoSDUNet2DConditionModel');
  expect(aligned.textEncoder).not.toBeNull();
  const card = await readFile(join(at('aligned'), 'README.md'), 'utf8');
  expect(card).toMatch(/^base_model: "teacher"$/m);
  expect(card).toContain('nanosd align ');
  expect(card).toMatch(/\| held-out loss before alignment, held_out \|/);
  const picture = ['generate', 'a', '-m', at('aligned'), '-o', at('a.png'), '--steps', '2'];
  expect((await run(...picture)).code).toBe(0);
});

it('gives the same bytes when it is stopped and resumed', async () => {
  const running = start(...align('stopped', '--json'));
  await running.event((event) => event.kind === 'step' && event.metrics.step >= 3);
  running.process.kill('SIGINT');
  expect((await running.finished).code).toBe(130);
  expect(await run(...align('stopped', '--resume'))).toMatchObject({ code: 0, stderr: '' });
  expect(await run(...align('whole'))).toMatchObject({ code: 0, stderr: '' });
  const weightsOf = (name: string): Promise<Buffer> =>
    readFile(join(at(name), 'unet', 'diffusion_pytorch_model.safetensors'));
  expect((await weightsOf('stopped')).equals(await weightsOf('whole'))).toBe(true);
});

it('compares where runs start from', async () => {
  const random = await run(...align('random', '--init', 'random'));
  expect(random).toMatchObject({ code: 0, stderr: '' });
  const curves = ['curves', `inherited=${at('whole')}`, at('random'), '-o', at('curves.svg')];
  const { stdout, code } = await run(...curves);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^step +inherited +random\n0 +\S+ +\S+\n1 /);
  expect(await readFile(at('curves.svg'), 'utf8')).toContain('>inherited</text>');
});

it("learns on the latents of a tiny VAE, which is then the result's", async () => {
  const vae = ['train-vae', at('teacher'), '--photos', at('photos'), '-o', at('vae')];
  const small = [
    '--width',
    '4',
    '--encoder-depth',
    '1,1',
    '--decoder-depth',
    '1,1',
    '--steps',
    '2',
  ];
  const trained = await run(...vae, ...small, '--batch', '2', '--resolution', '16');
  expect(trained).toMatchObject({ code: 0, stderr: '' });
  const { code, stderr } = await run(...align('tiny', '--vae', at('vae'), '--steps', '3'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await using aligned = await openCheckpoint(at('tiny'));
  expect(aligned.vae.network.className).toBe('NanoSDAutoencoder');
});

it('says in a line what does not fit', async () => {
  const teacher = await run('align', at('teacher'), ...align('x').slice(2));
  expect(teacher.code).toBe(2);
  expect(teacher.stderr).toMatch(
    /expected a student's U-Net, NanoSDUNet2DConditionModel, got UNet2DConditionModel\n$/,
  );
  await cp(at('student'), at('velocity'), { recursive: true });
  const scheduler = join(at('velocity'), 'scheduler', 'scheduler_config.json');
  const file = JSON.parse(await readFile(scheduler, 'utf8')) as object;
  await writeFile(scheduler, JSON.stringify({ ...file, prediction_type: 'v_prediction' }));
  const other = await run('align', at('velocity'), ...align('x').slice(2));
  expect(other.code).toBe(2);
  expect(other.stderr).toMatch(
    /expected a scheduler with prediction_type epsilon, the teacher's, got v_prediction\n$/,
  );
  const odd = await run(...align('x', '--resolution', '18'));
  expect(odd.code).toBe(2);
  expect(odd.stderr).toMatch(/data\.sample_size: expected a multiple of \d+, .* got 18\n$/);
});
