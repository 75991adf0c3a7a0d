import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { openCheckpoint } from 'nanosd/node';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { tinyFiles } from '../checkpoints/tinyFiles.js';
import { eventsOf, run, start, writeProject } from './cli.js';
import { writePictures } from './pictures.js';

// Each test starts processes of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let whole: string;
let config: string;
let stdout: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-unet-'));
  whole = join(folder, 'whole');
  await initCheckpoint(join(folder, 'tiny'), tinyFiles, { seed: 1, precision: 'float16' });
  config = await writeProject(whole, {
    model: tinyFiles.unet,
    vae: '../tiny/vae',
    data: { photos: ['photos'], sample_size: 16, kinds: 'name_prefix', cache_megabytes: 10 },
    prompts: { from: 'kinds', tokens: 2 },
    prediction_type: 'v_prediction',
    snr_gamma: 5,
    steps: 12,
    learning_rate: 5e-3,
    lr_warmup_steps: 0,
    max_grad_norm: 1,
    ema_decay: 0.5,
    validation: { every_steps: 6, sets: { waves: { photos: 'pictures' } }, pictures: 2 },
  });
  await cp(join(whole, 'photos', 'photo-0.png'), join(whole, 'photos', 'tit-0.png'));
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

it('learns to denoise latents, and shows samples of every kind', async () => {
  const events = eventsOf(stdout);
  const prepared = events.flatMap((event) => (event.kind === 'preparing' ? [event.done] : []));
  expect(prepared).toEqual([0, 1, 2, 3, 4, 0, 1, 2]);
  const reports = events.flatMap((event) => (event.kind === 'validation' ? [event.report] : []));
  expect(reports.map(({ step }) => step)).toEqual([6, 12]);
  const [first, last] = reports.map(({ validation }) => validation.waves);
  expect(last).toMatchObject({ images: 80 });
  if (!('loss' in first && 'loss' in last)) return expect.unreachable('scores are losses');
  expect(last.loss).toBeLessThan(first.loss);
  expect(last.byTimestep).toHaveLength(10);
  const mean = (last.byTimestep ?? []).reduce((sum, part) => sum + part / 10, 0);
  expect(last.loss).toBeCloseTo(mean, 10);
  const pictures = await readdir(join(whole, 'run', 'validation', 'step-00000012'));
  expect(pictures).toEqual(['samples.png']);
});

it('gives the same bits when it is killed and resumed', async () => {
  const project = join(folder, 'killed');
  const filter = (path: string): boolean => !path.startsWith(join(whole, 'run'));
  await cp(whole, project, { recursive: true, filter });
  const own = join(project, 'config.yaml');
  const running = start('train', own, '--json');
  await running.event((event) => event.kind === 'checkpoint' && event.step >= 4);
  running.process.kill('SIGKILL');
  await running.finished;
  expect(await run('train', own, '--resume')).toMatchObject({ code: 0, stderr: '' });
  const [expected, got] = [await finalWeights(whole), await finalWeights(project)];
  for (const [i, bytes] of got.entries()) expect(bytes.equals(expected[i])).toBe(true);
});

it('is exported as a checkpoint, which generates by the names of kinds and trains on', async () => {
  const exported = join(folder, 'exported');
  const { code, stderr } = await run('export-model', config, '-o', exported, '--newest');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const card = await readFile(join(exported, 'README.md'), 'utf8');
  expect(card).toMatch(/\| waves \| 80 +\| \d/);
  {
    await using checkpoint = await openCheckpoint(exported);
    expect(checkpoint.promptEmbeddings?.network.config).toEqual({
      names: ['photo', 'tit', ''],
      tokens: 2,
      crossAttentionDim: 12,
    });
    expect(checkpoint.schedulerFile).toMatchObject({ prediction_type: 'v_prediction' });
  }
  const picture = join(folder, 'tit.png');
  const flags = ['-m', exported, '-o', picture, '--steps', '2', '--seed', '1'];
  expect(await run('generate', 'tit', ...flags)).toMatchObject({ code: 0, stderr: '' });
  expect(await run('generate', 'dog', ...flags)).toMatchObject({
    code: 2,
    stderr:
      'nanosd: expected words that this model has learned (photo, tit), one, several with commas between them, or none, got "dog"\n',
  });

  const text = parse(await readFile(config, 'utf8')) as object;
  const next = join(whole, 'next.yaml');
  const changes = { initial_weights: join(exported, 'unet'), output_dir: 'next', steps: 1 };
  await writeFile(
    next,
    stringify({ ...text, ...changes, learning_rate: 1e-12, validation: undefined }),
  );
  expect(await run('train', next)).toMatchObject({ code: 0, stderr: '' });
  const path = join(whole, 'next', 'checkpoints', 'step-00000001', 'weights.safetensors');
  const { tensors } = await readSafetensorsFile(path);
  const prompts = await readSafetensorsFile(
    join(exported, 'prompt_embeddings', 'diffusion_pytorch_model.safetensors'),
  );
  const name = 'kind_embedding.weight';
  expect(tensors.get(name)?.shape).toEqual(prompts.tensors.get(name)?.shape);
});

it('reads captions with the text encoder of a checkpoint', async () => {
  const text = parse(await readFile(config, 'utf8')) as { data: object };
  const changes = {
    prompts: { from: 'captions' },
    checkpoint: '../tiny',
    vae: '../tiny',
    data: { ...text.data, kinds: 'none' },
    output_dir: 'captions',
    steps: 1,
    validation: undefined,
  };
  const own = join(whole, 'captions.yaml');
  await writeFile(own, stringify({ ...text, ...changes }));
  const refused = await run('train', own);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toMatch(
    /photo-0\.txt \(and 3 others\): expected a caption, got no file\n$/,
  );
  for (const name of ['photo-0', 'photo-1', 'photo-2', 'tit-0']) {
    await writeFile(join(whole, 'photos', `${name}.txt`), `waves ${name}\n`);
  }
  expect(await run('train', own)).toMatchObject({ code: 0, stderr: '' });
  const exported = join(folder, 'captioned');
  const outcome = await run('export-model', own, '-o', exported, '--newest', '--precision', 'fp32');
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  await using checkpoint = await openCheckpoint(exported);
  expect(checkpoint.textEncoder).not.toBeNull();
  expect(checkpoint.promptEmbeddings).toBeNull();
});

it('says what is wrong with a config', async () => {
  const text = parse(await readFile(config, 'utf8')) as { data: object };
  const own = join(whole, 'wrong.yaml');
  const errorOf = async (changes: object): Promise<string> => {
    await writeFile(own, stringify({ ...text, output_dir: 'wrong', ...changes }));
    const { code, stderr } = await run('train', own);
    expect(code).toBe(2);
    return stderr;
  };
  expect(await errorOf({ data: { ...text.data, sample_size: 18 } })).toMatch(
    /data.sample_size: expected a multiple of 4, .*, got 18\n$/,
  );
  expect(await errorOf({ prompts: { from: 'constant', prompt: 'x' } })).toMatch(
    /checkpoint: expected a checkpoint, whose text encoder reads the prompts, got nothing; .*data.kinds: expected none, as prompts are from text/,
  );
  expect(await errorOf({ vae: '../tiny/unet' })).toMatch(/_class_name: expected AutoencoderKL/);
});
