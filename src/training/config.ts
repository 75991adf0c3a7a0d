import { z } from 'zod';
import { degradationSchema } from '../image/degradations/schema.js';
import {
  parseConfig,
  restorerConfig,
  restorerConfigSchema,
  restorerMultiple,
} from '../models/index.js';

const positive = z.number().positive();
const betas = z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]);

const optimizer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('adamw'),
    betas: betas.default([0.9, 0.999]),
    eps: positive.default(1e-8),
    weight_decay: z.number().min(0).default(0.01),
  }),
  z.strictObject({
    kind: z.literal('adam'),
    betas: betas.default([0.9, 0.999]),
    eps: positive.default(1e-8),
  }),
  z.strictObject({ kind: z.literal('sgd'), momentum: z.number().min(0).lt(1).default(0.9) }),
]);

const loss = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('l1'), weight: positive.default(1) }),
  z.strictObject({ kind: z.literal('l2'), weight: positive.default(1) }),
  z.strictObject({
    kind: z.literal('charbonnier'),
    weight: positive.default(1),
    eps: positive.default(1e-3),
  }),
  z.strictObject({ kind: z.literal('gradient'), weight: positive.default(1) }),
  z.strictObject({ kind: z.literal('frequency'), weight: positive.default(1) }),
]);

/**
 * Folders of pictures and of what they are to be restored from, paired by sorted name. Both may be the same
 * folder, of `NAME_HR.png` and `NAME_LR.png`.
 */
const pairs = z.strictObject({ hr: z.string(), lr: z.string() });

const fields = z.strictObject({
  model: restorerConfigSchema,
  /** Weights to start from; random ones where there are none. */
  initial_weights: z.string().optional(),
  output_dir: z.string(),
  data: z.strictObject({
    photos: z.array(z.string()).min(1),
    /** Side of the degraded crop; the target's is `scale` times that. */
    sample_size: z.int().min(8),
    degradation: degradationSchema,
    cache_megabytes: positive.default(1500),
  }),
  seed: z.int().default(1),
  steps: z.int().min(1),
  batch_size: z.int().min(1),
  gradient_accumulation_steps: z.int().min(1).default(1),
  /** Threads that each compute a share of the batch. */
  workers: z.int().min(1).max(64).default(2),
  learning_rate: positive,
  lr_scheduler: z.enum(['constant', 'linear', 'cosine']).default('cosine'),
  lr_warmup_steps: z.int().min(0).default(0),
  /** The share of the learning rate that decaying schedules end at. */
  lr_final_factor: z.number().min(0).max(1).default(0),
  optimizer: optimizer.default({
    kind: 'adamw',
    betas: [0.9, 0.999],
    eps: 1e-8,
    weight_decay: 0,
  }),
  loss: z
    .array(loss)
    .min(1)
    .default([{ kind: 'l1', weight: 1 }]),
  max_grad_norm: positive.optional(),
  ema_decay: z.number().min(0).lt(1).default(0.999),
  checkpointing_minutes: positive.default(5),
  checkpoints_total_limit: z.int().min(1).default(2),
  validation: z
    .strictObject({
      every_steps: z.int().min(1),
      sets: z
        .record(z.string().regex(/^[\w.-]+$/), pairs)
        .refine((sets) => Object.keys(sets).length > 0, { error: 'expected a set' }),
      /** How many of each set's pictures are written to disk. */
      pictures: z.int().min(0).default(2),
    })
    .optional(),
});

/** What `nanosd train config.yaml` reads. */
export const trainingConfigSchema = fields
  .refine((config) => config.batch_size % shardCount(config) === 0, {
    path: ['batch_size'],
    error: 'expected a multiple of workers x gradient_accumulation_steps',
  })
  .superRefine(({ model, data }, context) => {
    const multiple = restorerMultiple(restorerConfig(model));
    if (data.sample_size % multiple !== 0) {
      const message = `expected a multiple of ${multiple}, which the network's levels divide by`;
      context.addIssue({ code: 'custom', path: ['data', 'sample_size'], message });
    }
    const { degradation } = data;
    if (degradation.kind === 'bicubic' && degradation.scale !== model.scale) {
      const message = `expected ${model.scale}, the scale of the model`;
      context.addIssue({ code: 'custom', path: ['data', 'degradation', 'scale'], message });
    }
  });

export type TrainingConfig = z.output<typeof trainingConfigSchema>;

/** The equal parts that the batch of one step is computed in. */
export function shardCount(config: {
  readonly workers: number;
  readonly gradient_accumulation_steps: number;
}): number {
  return config.workers * config.gradient_accumulation_steps;
}

/**
 * Parses a training config; paths in it stay as they are.
 * @throws ConfigError with a line for every wrong key: `SOURCE: KEY: expected ..., got ...`.
 */
export function parseTrainingConfig(value: unknown, source: string): TrainingConfig {
  return parseConfig(trainingConfigSchema, value, source);
}
