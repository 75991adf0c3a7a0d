import { z } from 'zod';
import { kindSources } from '../training/data/pictureKinds.js';
import { featureLosses } from './featureLoss.js';

const positive = z.number().positive();

/** How surrogates are distilled, whatever the teacher: the keys of a pipeline's config and of `distill.json`. */
export const distillSettingsSchema = z.strictObject({
  /** Updates of each surrogate. */
  steps: z.int().min(1).default(300),
  batch_size: z.int().min(1).max(1024).default(16),
  /** Side in pixels of the crops that the teacher sees; null for what it was trained on. */
  resolution: z.int().min(8).nullable().default(null),
  /** Where the kind of a photograph is read from, for a teacher with a prompt for each kind. */
  kinds: z.enum(kindSources).default('name_prefix'),
  /** What a teacher with a text encoder is told, each as likely as the others. */
  prompts: z.array(z.string()).min(1).default(['']),
  loss: z.enum(featureLosses).default('mse'),
  /** What a surrogate starts from: the teacher's weights, by the rule of surgery, or random ones. */
  init: z.enum(['inherit', 'random']).default('inherit'),
  learning_rate: positive.default(1e-3),
  lr_warmup_steps: z.int().min(0).default(10),
  max_grad_norm: positive.default(1),
  ema_decay: z.number().min(0).lt(1).default(0.99),
  seed: z.int().min(0).default(1),
  /**
   * The most that features are kept on disk, made once and shared by all surrogates; where it holds fewer
   * batches than there are steps, they come again in another order. 0: the teacher runs with the training.
   */
  cache_megabytes: z.number().min(0).default(1000),
  /** The most that latents of photographs are kept on disk. */
  latent_cache_megabytes: positive.default(1500),
  /** Batches of photographs that are not trained on, for the relative errors. */
  held_out_batches: z.int().min(1).default(4),
  checkpointing_minutes: positive.default(1),
});

export type DistillSettings = z.output<typeof distillSettingsSchema>;
