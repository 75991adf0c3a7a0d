import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { eventsOf, run, start, writeProject } from './cli.js';
import { writePictures } from './pictures.js';

// Each test starts processes of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const model = {
  _class_name: 'AutoencoderKL',
  block_out_channels: [8, 16],
  layers_per_block: 1,
  latent_channels: 4,
  norm_num_groups: 4,
};

let folder: string;
let whole: string;
let stdout: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-autoencoder-'));
  whole = join(folder, 'whole');
  const config = await writeProject(whole, {
    model,
    data: { photos: ['photos'], sample_size: 16 },
    loss: [{ kind: 'l1' }, { kind: 'frequency', weight: 0.1 }],
    steps: 12,
    learning_rate: 3e-3,
    max_grad_norm: 1,
    validation: { every_steps: 6, sets: { waves: { photos: 'pictures' } }, pictures: 1 },
  });
  await writePictures(join(whole, 'pictures'), 2, 35);
  const trained = await run('train', config, '--json');
  expect(trained.stderr).toBe('');
  expect(trained.code).toBe(0);
  ({ stdout } = trained);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function finalWeights(project: string): Promise<Buffer[]> {
  const checkpoint = join(project, 'run', 'checkpoints', 'step-00000012');
  const names = ['weights', 'ema', 'exp_avg', 'exp_avg_sq'];
  return Promise.all(names.map((name) => readFile(join(checkpoint, `${name}.safetensors`))));
}

it('learns to give pictures back', async () => {
  const losses = eventsOf(stdout).flatMap((event) =>
    event.kind === 'step' ? [event.metrics.loss] : [],
  );
  expect(losses).toHaveLength(12);
  expect(losses[11]).toBeLessThan(0.8 * losses[0]);
  const reports = eventsOf(stdout).flatMap((event) =>
    event.kind === 'validation' ? [event.report] : [],
  );
  expect(reports.map(({ step }) => step)).toEqual([6, 12]);
  expect(reports[1].validation.waves).toEqual({ psnr: expect.any(Number) as number, images: 2 });
  const pictures = await readdir(join(whole, 'run', 'validation', 'step-00000012'));
  expect(pictures).toEqual(['waves-photo-0.png']);
});

it('gives the same bits when it is killed and resumed', async () => {
  const project = join(folder, 'killed');
  const filter = (path: string): boolean => !path.startsWith(join(whole, 'run'));
  await cp(whole, project, { recursive: true, filter });
  const config = join(project, 'config.yaml');
  const running = start('train', config, '--json');
  await running.event((event) => event.kind === 'checkpoint' && event.step >= 4);
  running.process.kill('SIGKILL');
  await running.finished;
  expect(await run('train', config, '--resume')).toMatchObject({ code: 0, stderr: '' });
  const [expected, got] = [await finalWeights(whole), await finalWeights(project)];
  for (const [i, bytes] of got.entries()) expect(bytes.equals(expected[i])).toBe(true);
});

it('is exported with the scale of its latents, and trained on from there', async () => {
  const exported = join(folder, 'vae');
  const config = join(whole, 'config.yaml');
  const { code, stderr } = await run('export-model', config, '-o', exported);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const file = JSON.parse(await readFile(join(exported, 'config.json'), 'utf8')) as object;
  expect(file).toMatchObject({ ...model, scaling_factor: expect.any(Number) as number });
  expect(file).not.toHaveProperty('scaling_factor', 0.18215);
  const card = await readFile(join(exported, 'README.md'), 'utf8');
  expect(card).toMatch(/\| waves \| 2 +\| \d+\.\d\d +\|/);

  const next = join(folder, 'next');
  await cp(join(whole, 'photos'), join(next, 'photos'), { recursive: true });
  const text = parse(await readFile(config, 'utf8')) as object;
  const changes = {
    initial_weights: exported,
    steps: 1,
    lr_warmup_steps: 0,
    validation: undefined,
  };
  await writeFile(join(next, 'config.yaml'), stringify({ ...text, ...changes }));
  const resumed = await run('train', join(next, 'config.yaml'), '--json');
  expect(resumed.stderr).toBe('');
  const [first] = eventsOf(resumed.stdout).flatMap((event) =>
    event.kind === 'step' ? [event.metrics.loss] : [],
  );
  const [fresh] = eventsOf(stdout).flatMap((event) =>
    event.kind === 'step' ? [event.metrics.loss] : [],
  );
  expect(first).toBeLessThan(fresh);
});
