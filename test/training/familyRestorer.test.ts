import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { imresize, quantizeImage } from '../../src/image/index.js';
import { readImage, writeImage } from '../../src/image/sharp-node.js';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import { parseTrainingConfig } from '../../src/training/objectives/config.js';
import { fourLevelFiles } from '../checkpoints/fourLevelFiles.js';
import { eventsOf, run, writeProject } from './cli.js';
import { wavesPicture } from './pictures.js';

// Processes of their own.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const model = {
  _class_name: 'NanoSDRestorer',
  scale: 2,
  encoder_block_out_channels: [8],
  encoder_layers_per_block: [1],
  decoder_block_out_channels: [8],
  decoder_layers_per_block: [1],
};

let folder: string;
let config: string;
const at = (name: string): string => join(folder, name);
const data = (): object => ({
  photos: [at('photos')],
  sample_size: 16,
  degradation: { kind: 'bicubic', scale: 2 },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-family-'));
  await initCheckpoint(at('family'), fourLevelFiles, { seed: 1 });
  await mkdir(at('pairs'));
  const target = quantizeImage(wavesPicture(52, 44, 1));
  await writeImage(at('pairs/1_HR.png'), target);
  await writeImage(at('pairs/1_LR.png'), imresize(target, { scale: 0.5 }));
  config = await writeProject(folder, {
    validation: { every_steps: 3, sets: { waves: { hr: 'pairs', lr: 'pairs' } }, pictures: 0 },
    ...{ model, initial_checkpoint: 'family', norm_samples: 2, data: data() },
    ...{ steps: 3, batch_size: 2, gradient_accumulation_steps: 1, checkpointing_minutes: 60 },
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('trains from a member of the family, and restores photographs as any model does', async () => {
  const trained = await run('train', config, '--json');
  expect({ code: trained.code, stderr: trained.stderr }).toEqual({ code: 0, stderr: '' });
  const losses = eventsOf(trained.stdout).flatMap((event) =>
    event.kind === 'step' ? [event.metrics.loss] : [],
  );
  expect(losses).toHaveLength(3);
  expect(losses.every((loss) => loss > 0 && loss < 1)).toBe(true);
  expect((await run('export-model', config, '-o', at('photo-x2'))).code).toBe(0);
  expect((await run('inspect', at('photo-x2'))).stdout).toContain('unet');
  await writeImage(at('small.png'), quantizeImage(wavesPicture(21, 18, 1)));
  const restored = ['restore', at('small.png'), '-m', at('photo-x2'), '-s', '2', '-o', at('a.png')];
  expect(await run(...restored)).toMatchObject({ code: 0 });
  expect(await readImage(at('a.png'))).toMatchObject({ width: 42, height: 36 });
});

const projectOf = (name: string, changes: object): Promise<string> =>
  writeProject(at(name), {
    ...{ model, initial_checkpoint: at('family'), norm_samples: 2, data: data() },
    ...{ steps: 1, batch_size: 2, gradient_accumulation_steps: 1, ...changes },
  });

it('trains the same shape from random weights', async () => {
  const trained = await run('train', await projectOf('random', { initialization: 'random' }));
  expect(trained.code).toBe(0);
});

describe('says in one line', () => {
  it.each([
    [
      'that the family is too coarse',
      { model: { ...model, scale: 4 }, data: { degradation: { kind: 'bicubic', scale: 4 } } },
      /^nanosd: model\.scale: expected at most 2, the pixels of a cell of .*family's latents, got 4\n$/,
    ],
    [
      'what crops have to be',
      { data: { sample_size: 12 } },
      /^nanosd: data\.sample_size: expected a multiple of 8, which the network's levels divide by, got 12\n$/,
    ],
    [
      'that there is no such checkpoint',
      { initial_checkpoint: '/nowhere/family' },
      /^nanosd: \/nowhere\/family: expected a folder with a model_index\.json, or a \.safetensors or \.ckpt file, got neither\n$/,
    ],
    [
      'that the checkpoint lacks a part',
      { initial_checkpoint: 'lacking' },
      /^nanosd: .*lacking: expected unet\/config\.json, .* got no vae.*\n$/,
    ],
  ])('%s', async (name, changes, message) => {
    const whole = { ...changes, data: { ...data(), ...('data' in changes ? changes.data : {}) } };
    const project = await projectOf(name.replaceAll(' ', '-'), whole);
    if (name.includes('lacks')) {
      await cp(at('family'), join(dirname(project), 'lacking'), { recursive: true });
      await rm(join(dirname(project), 'lacking', 'vae'), { recursive: true });
    }
    const { code, stderr } = await run('train', project);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });

  it('what is missing where there is no checkpoint', () => {
    const parse = () =>
      parseTrainingConfig(
        { model, data: data(), output_dir: 'x', steps: 1, batch_size: 2, learning_rate: 1e-3 },
        'x.yaml',
      );
    expect(parse).toThrow(
      'x.yaml: model.unet: expected a value, or initial_checkpoint to take it from, got nothing',
    );
  });
});
