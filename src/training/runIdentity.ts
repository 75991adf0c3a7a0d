import type { TrainingConfig } from './config.js';

/**
 * What has to stay the same for a resumed run to be the same run: config keys, dotted, and their values.
 * A checkpoint holds it.
 */
export type RunIdentity = Readonly<Record<string, unknown>>;

/**
 * The identity of a run on photographs with this fingerprint. Left out is what decides how long, where and in
 * how many parts the run computes: `steps`, `workers`, `gradient_accumulation_steps`, `initial_weights`, and
 * everything about the cache, the output, checkpoints and validation.
 */
export function runIdentity(config: TrainingConfig, photos: string): RunIdentity {
  const { sample_size, degradation } = config.data;
  return {
    ...dotted('model', { ...config.model, _nanosd_version: undefined }),
    'data.photos': photos,
    'data.sample_size': sample_size,
    'data.degradation': degradation,
    seed: config.seed,
    batch_size: config.batch_size,
    learning_rate: config.learning_rate,
    lr_scheduler: config.lr_scheduler,
    lr_warmup_steps: config.lr_warmup_steps,
    lr_final_factor: config.lr_final_factor,
    ...dotted('optimizer', config.optimizer),
    loss: config.loss,
    max_grad_norm: config.max_grad_norm ?? null,
    ema_decay: config.ema_decay,
  };
}

/**
 * What differs from the run that was begun, one line a key: `KEY: expected ..., got ...`. A key that the
 * version which began the run did not know is not compared.
 */
export function changedKeys(begun: RunIdentity, now: RunIdentity): string[] {
  return Object.entries(begun).flatMap(([key, value]) => {
    const [expected, got] = [value, now[key]].map((side) => JSON.stringify(side) ?? 'nothing');
    return expected === got ? [] : [`${key}: expected ${expected}, got ${got}`];
  });
}

function dotted(prefix: string, values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]): [string, unknown] => [`${prefix}.${key}`, value]),
  );
}
