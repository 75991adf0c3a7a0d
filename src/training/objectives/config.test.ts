import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../models/index.js';
import { parseTrainingConfig, type TrainingConfig } from './config.js';
import { shardCount } from '../loop/trainingSettings.js';

const model = {
  _class_name: 'OneStepRestorer',
  scale: 4,
  base_channels: 8,
  encoder_layers: 1,
  decoder_layers: 1,
  block_out_channels: [8, 8],
  layers_per_block: [1, 1],
};
const data = {
  photos: ['photos'],
  sample_size: 48,
  degradation: { kind: 'bicubic', scale: 4 },
};
const valid = { model, data, output_dir: 'out', steps: 10, batch_size: 4, learning_rate: 1e-3 };

function problems(value: unknown): string[] {
  try {
    parseTrainingConfig(value, 'x.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n');
  }
  return [];
}

describe('a training config', () => {
  it('has customary values for what may be left out', () => {
    const config: TrainingConfig = parseTrainingConfig(valid, 'x.yaml');
    expect(config.optimizer).toEqual({
      kind: 'adamw',
      betas: [0.9, 0.999],
      eps: 1e-8,
      weight_decay: 0,
    });
    expect(config).toMatchObject({ seed: 1, workers: 2, lr_scheduler: 'cosine', ema_decay: 0.999 });
    expect(config).toMatchObject({ loss: [{ kind: 'l1', weight: 1 }] });
    expect(shardCount(config)).toBe(2);
  });

  it('says for every wrong key what was expected and what was found', () => {
    const wrong = {
      ...valid,
      data: { ...data, sample_size: 4.5, photos: [] },
      steps: 0,
      batch_size: 'many',
      learning_rate: 0,
      lr_scheduler: 'cosinus',
      ema_decay: 1,
      optimizer: { kind: 'adamx' },
      loss: [
        { kind: 'l1', weigth: 2 },
        { kind: 'charbonnier', eps: -1 },
      ],
      stepz: 3,
    };
    expect(problems(wrong).sort()).toEqual([
      'x.yaml: batch_size: expected a number, got "many"',
      'x.yaml: data.photos: expected at least 1 entries, got []',
      'x.yaml: data.sample_size: expected a whole number, got 4.5',
      'x.yaml: ema_decay: expected less than 1, got 1',
      'x.yaml: learning_rate: expected more than 0, got 0',
      'x.yaml: loss.0.weigth: no such key',
      'x.yaml: loss.1.eps: expected more than 0, got -1',
      'x.yaml: lr_scheduler: expected constant, linear or cosine, got "cosinus"',
      'x.yaml: optimizer.kind: expected adamw, adam or sgd, got "adamx"',
      'x.yaml: steps: expected at least 1, got 0',
      'x.yaml: stepz: no such key',
    ]);
  });

  it('names what is missing', () => {
    expect(problems({ ...valid, output_dir: undefined, data: undefined })).toEqual([
      'x.yaml: output_dir: expected a text, got nothing',
      'x.yaml: data: expected a mapping, got nothing',
    ]);
    expect(problems(null)).toEqual(['x.yaml: expected a mapping, got null']);
  });

  it('wants a batch that can be divided', () => {
    expect(problems({ ...valid, batch_size: 6, gradient_accumulation_steps: 2 })).toEqual([
      'x.yaml: batch_size: expected a multiple of workers x gradient_accumulation_steps, got 6',
    ]);
  });

  it('wants crops that the network and the degradation fit', () => {
    const misfit = { ...data, sample_size: 42, degradation: { kind: 'bicubic', scale: 2 } };
    expect(problems({ ...valid, data: misfit })).toEqual([
      "x.yaml: data.sample_size: expected a multiple of 4, which the network's levels divide by, got 42",
      'x.yaml: data.degradation.scale: expected 4, the scale of the model, got 2',
    ]);
  });

  it('looks into degradations and the model', () => {
    const degradation = { kind: 'sequence', steps: [{ kind: 'blur', sigma: [3, 1] }] };
    const found = problems({
      ...valid,
      model: { ...model, act_fn: 'swish', layers_per_block: [1] },
      data: { ...data, degradation },
    });
    expect(found).toContain('x.yaml: model.act_fn: expected relu, silu or gelu, got "swish"');
    expect(found.join()).toMatch(/data\.degradation\.steps\.0\.sigma: expected .*, got \[3,1\]/);
  });

  it('checks validation sets', () => {
    const validation = { every_steps: 0, sets: { 'a/b': { hr: 'x', lr: 'y' }, ok: { hr: 'x' } } };
    const found = problems({ ...valid, validation });
    expect(found).toContain('x.yaml: validation.every_steps: expected at least 1, got 0');
    expect(found).toContain('x.yaml: validation.sets.ok.lr: expected a text, got nothing');
    expect(found.filter((line) => line.includes('a/b'))).toHaveLength(1);
    expect(problems({ ...valid, validation: { every_steps: 5, sets: {} } })).toEqual([
      'x.yaml: validation.sets: expected a set, got {}',
    ]);
  });

  it('shows numbers that JSON has no word for, and says what a set may be called', () => {
    const sets = { 'a b': { hr: 'hr', lr: 'lr' } };
    expect(
      problems({ ...valid, learning_rate: NaN, validation: { every_steps: 1, sets } }),
    ).toEqual([
      'x.yaml: learning_rate: expected a number, got NaN',
      'x.yaml: validation.sets.a b: expected a name of letters, digits, _, . and -',
    ]);
  });

  it('shortens long values', () => {
    const [line] = problems({ ...valid, output_dir: Array.from({ length: 99 }, () => 'long') });
    expect(line.length).toBeLessThan(120);
  });
});

describe('the config of an autoencoder', () => {
  const autoencoder = {
    ...valid,
    model: { _class_name: 'AutoencoderKL', block_out_channels: [8, 8], norm_num_groups: 4 },
    data: { photos: ['photos'], sample_size: 32 },
  };

  it('has other data and a weight of the divergence', () => {
    const config = parseTrainingConfig(autoencoder, 'x.yaml');
    expect(config).toMatchObject({ kl_weight: 1e-6, loss: [{ kind: 'l1', weight: 1 }] });
    expect(problems({ ...autoencoder, data })).toEqual(['x.yaml: data.degradation: no such key']);
  });

  it('wants crops that come out whole', () => {
    const odd = { ...autoencoder.data, sample_size: 33 };
    expect(problems({ ...autoencoder, data: odd })).toEqual([
      "x.yaml: data.sample_size: expected a multiple of 2, the pixels a side of a latent's cell, got 33",
    ]);
  });

  it('has a set of pictures to validate on, no pairs', () => {
    const validation = { every_steps: 1, sets: { a: { hr: 'x', lr: 'y' } } };
    expect(problems({ ...autoencoder, validation }).sort()).toEqual([
      'x.yaml: validation.sets.a.hr: no such key',
      'x.yaml: validation.sets.a.lr: no such key',
      'x.yaml: validation.sets.a.photos: expected a text, got nothing',
    ]);
  });
});

it('a config names the networks that can be trained', () => {
  const other = { ...valid, model: { _class_name: 'CLIPTextModel' } };
  expect(problems(other)[0]).toMatch(
    /^x\.yaml: model\._class_name: expected OneStepRestorer.* or \w+, got "CLIPTextModel"$/,
  );
});

it('paths in a config are what the reader makes of them', () => {
  const config = parseTrainingConfig(
    {
      ...valid,
      initial_weights: 'w',
      validation: { every_steps: 1, sets: { a: { hr: 'x', lr: 'y' } } },
    },
    'x.yaml',
    (path) => `/here/${path}`,
  );
  expect(config).toMatchObject({
    output_dir: '/here/out',
    initial_weights: '/here/w',
    data: { photos: ['/here/photos'] },
    validation: { sets: { a: { hr: '/here/x', lr: '/here/y' } } },
  });
});
