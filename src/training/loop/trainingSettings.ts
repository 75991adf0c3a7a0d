import { z } from 'zod';

/** A path in a config, which whoever reads the file makes absolute. */
export type PathSchema = z.ZodType<string>;

export const positive = z.number().positive();
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

/** What a training config says whatever it trains: how, how long and where. */
export const runSettings = (path: PathSchema) => ({
  /** Weights to start from, a file or a model folder; random ones where there are none. */
  initial_weights: path.optional(),
  output_dir: path,
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
  max_grad_norm: positive.optional(),
  ema_decay: z.number().min(0).lt(1).default(0.999),
  checkpointing_minutes: positive.default(5),
  checkpoints_total_limit: z.int().min(1).default(2),
});

/** A loss between two pictures, with keys that a trainer adds. */
const lossWith = <K extends z.ZodRawShape>(more: K) => {
  const keys = { weight: positive.default(1), ...more };
  return z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('l1'), ...keys }),
    z.strictObject({ kind: z.literal('l2'), ...keys }),
    z.strictObject({ kind: z.literal('charbonnier'), ...keys, eps: positive.default(1e-3) }),
    z.strictObject({ kind: z.literal('luma'), ...keys }),
    z.strictObject({ kind: z.literal('psnr'), ...keys }),
    z.strictObject({ kind: z.literal('gradient'), ...keys }),
    z.strictObject({ kind: z.literal('frequency'), ...keys }),
  ]);
};

/** A weighted sum of losses between two pictures. */
export const pictureLosses = z
  .array(lossWith({}))
  .min(1)
  .default([{ kind: 'l1', weight: 1 }]);

/** What a restorer's result is held against: the photograph, a teacher's answer, or a mean of both. */
export const lossTarget = z.enum(['photo', 'teacher', 'mix']).default('photo');

/** The same where each loss has a target of its own. */
export const targetedLosses = z
  .array(lossWith({ target: lossTarget }))
  .min(1)
  .default([{ kind: 'l1', weight: 1, target: 'photo' }]);

/** When and on what averaged weights are validated; `set` is what a set of pictures is made of. */
export const validationSettings = <S extends z.ZodType>(set: S) =>
  z
    .strictObject({
      every_steps: z.int().min(1),
      /** Whether the weights that a run starts from are validated too. */
      at_start: z.boolean().default(false),
      sets: z
        .record(
          z.string().regex(/^[\w.-]+$/, 'expected a name of letters, digits, _, . and -'),
          set,
        )
        .refine((sets) => Object.keys(sets).length > 0, { error: 'expected a set' }),
      /** How many of each set's pictures are written to disk. */
      pictures: z.int().min(0).default(2),
    })
    .optional();

interface Shares {
  readonly workers: number;
  readonly gradient_accumulation_steps: number;
}

/** The equal parts that the batch of one step is computed in. */
export function shardCount(config: Shares): number {
  return config.workers * config.gradient_accumulation_steps;
}

/** Samples in each of those parts. */
export function shardSize(config: Shares & { readonly batch_size: number }): number {
  return config.batch_size / shardCount(config);
}

type Complain = (path: readonly string[], message: string) => void;

/** For `superRefine`: adds problems at paths of a config. */
export function complainTo(context: z.core.$RefinementCtx): Complain {
  return (path, message) => context.addIssue({ code: 'custom', path: [...path], message });
}

/** Complains of a batch that cannot be divided into equal shares. */
export function requireWholeShares(
  config: Shares & { readonly batch_size: number },
  complain: Complain,
): void {
  if (Number.isInteger(shardSize(config))) return;
  complain(['batch_size'], 'expected a multiple of workers x gradient_accumulation_steps');
}
