import { trains, type TrainingConfig } from '../objectives/config.js';

/**
 * What has to stay the same for a resumed run to be the same run: config keys, dotted, and their values.
 * A checkpoint holds it.
 */
export type RunIdentity = Readonly<Record<string, unknown>>;

/** What decides how long, where and in how many parts a run computes, not what it computes. */
const harmless = new Set([
  'output_dir',
  'initial_weights',
  'steps',
  'workers',
  'gradient_accumulation_steps',
  'checkpointing_minutes',
  'checkpoints_total_limit',
  'validation',
  'model._nanosd_version',
  'data.cache_megabytes',
  'data.cache_folder',
  'checkpoint',
]);

/** The identity of a run; `sources` replace what the config only points to, such as folders of photographs. */
export function runIdentity(
  config: TrainingConfig,
  sources: Readonly<Record<string, string>>,
): RunIdentity {
  const { model, data, optimizer, ...rest } = config;
  const all: Record<string, unknown> = {
    ...dotted('model', model),
    ...dotted('data', data),
    ...rest,
    ...dotted('optimizer', optimizer),
    // Null, not absent, so that its being added is a change.
    max_grad_norm: config.max_grad_norm ?? null,
    ...(trains(config, 'OneStepRestorer') && { adversarial: config.adversarial ?? null }),
    ...sources,
  };
  return Object.fromEntries(Object.entries(all).filter(([key]) => !harmless.has(key)));
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
