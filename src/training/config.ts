import { z } from 'zod';
import { degradationSchema } from '../image/degradations/schema.js';
import { restorerConfigSchema } from '../models/index.js';

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

const pairs = z.strictObject({ hr: z.string(), lr: z.string() });

/** What `nanosd train config.yaml` reads. Paths are relative to the config file. */
export const trainingConfigSchema = z
  .strictObject({
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
        sets: z.record(z.string(), pairs),
        /** How many of each set's pictures are written to disk. */
        pictures: z.int().min(0).default(2),
      })
      .optional(),
  })
  .refine(
    ({ batch_size, workers, gradient_accumulation_steps }) =>
      batch_size % (workers * gradient_accumulation_steps) === 0,
    {
      path: ['batch_size'],
      error: 'expected a multiple of workers x gradient_accumulation_steps',
    },
  );

export type TrainingConfig = z.output<typeof trainingConfigSchema>;
