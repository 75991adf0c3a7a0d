import { describe, expect, it } from 'vitest';
import { parseTrainingConfig, type TrainingConfig } from '../objectives/config.js';
import { changedKeys, runIdentity } from './runIdentity.js';

const base = {
  model: {
    _class_name: 'OneStepRestorer',
    scale: 2,
    base_channels: 8,
    encoder_layers: 1,
    decoder_layers: 1,
    block_out_channels: [8],
    layers_per_block: [1],
  },
  data: { photos: ['a'], sample_size: 16, degradation: { kind: 'bicubic', scale: 2 } },
  output_dir: 'out',
  steps: 10,
  batch_size: 4,
  learning_rate: 1e-3,
};

const config = (changes: object = {}): TrainingConfig =>
  parseTrainingConfig({ ...base, ...changes }, 'x.yaml');

/** The keys that a resumed run is refused for. */
function refused(changes: object, photos = '3 photographs'): string[] {
  const lines = changedKeys(
    runIdentity(config(), { 'data.photos': '3 photographs' }),
    runIdentity(config(changes), { 'data.photos': photos }),
  );
  return lines.map((line) => line.split(':')[0]);
}

describe('the identity of a run', () => {
  it.each<[string, object, string[]]>([
    ['model', { model: { ...base.model, base_channels: 16, act_fn: 'silu' } }, ['model.base_channels', 'model.act_fn']], // prettier-ignore
    ['crops', { data: { ...base.data, sample_size: 32 } }, ['data.sample_size']],
    ['seed and batch', { seed: 2, batch_size: 8 }, ['seed', 'batch_size']],
    ['optimizer', { optimizer: { kind: 'adamw', weight_decay: 0.1 } }, ['optimizer.weight_decay']],
    ['kind of optimizer', { optimizer: { kind: 'sgd' } }, ['optimizer.kind', 'optimizer.betas', 'optimizer.eps', 'optimizer.weight_decay']], // prettier-ignore
    ['schedule', { lr_scheduler: 'linear', lr_warmup_steps: 1 }, ['lr_scheduler', 'lr_warmup_steps']], // prettier-ignore
    ['loss', { loss: [{ kind: 'l2' }] }, ['loss']],
    ['clipping, where there was none', { max_grad_norm: 1 }, ['max_grad_norm']],
    ['average', { ema_decay: 0.9 }, ['ema_decay']],
  ])('is another for another %s', (_, changes, keys) => {
    expect(refused(changes)).toEqual(keys);
  });

  it('is another for other photographs, not for another place', () => {
    expect(refused({}, '4 photographs')).toEqual(['data.photos']);
    expect(refused({ data: { ...base.data, photos: ['b', 'c'] } })).toEqual([]);
  });

  it('does not depend on how long, where and in how many parts it computes', () => {
    const harmless = {
      output_dir: 'elsewhere',
      steps: 20,
      workers: 1,
      gradient_accumulation_steps: 4,
      initial_weights: 'x.safetensors',
      checkpointing_minutes: 1,
      checkpoints_total_limit: 9,
      validation: { every_steps: 1, sets: { a: { hr: 'x', lr: 'y' } } },
      data: { ...base.data, cache_megabytes: 1 },
      model: { ...base.model, _nanosd_version: '9.9.9' },
    };
    expect(refused(harmless)).toEqual([]);
  });

  it('survives JSON, which checkpoints hold it as', () => {
    const identity = runIdentity(config(), { 'data.photos': '3 photographs' });
    const read = JSON.parse(JSON.stringify(identity)) as Record<string, unknown>;
    expect(changedKeys(read, identity)).toEqual([]);
  });
});
