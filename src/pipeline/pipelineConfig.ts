import { z } from 'zod';
import { distillSettingsSchema } from '../distillation/index.js';
import { parseConfig } from '../models/index.js';

const positive = z.number().positive();

const profileSettings = z.strictObject({
  /** Timed runs of each option of each stage. */
  runs: z.int().min(1).max(1000).default(20),
  warmup: z.int().min(0).max(100).default(2),
  /** After these the table is made of what was measured by then. */
  max_seconds: positive.optional(),
});

const searchSettings = z.strictObject({
  strategy: z.enum(['bayesian', 'nsga2', 'random']).default('bayesian'),
  /** Of each of the two searches. */
  evaluations: z.int().min(2).max(100_000).default(60),
  /** Of these, spread over the space before anything is learnt. */
  initial: z.int().min(1).default(12),
  max_parameters: positive.optional(),
  /** Pictures of each network that quality is measured on, and steps of each picture. */
  samples: z.int().min(16).default(96),
  steps: z.int().min(1).max(1000).default(10),
});

const vaeSettings = z.strictObject({
  /** Channels of all levels; half of the teacher's finest unless given, 64 at most. */
  width: z.int().min(4).max(512).optional(),
  encoder_layers: z.array(z.int().min(1)).min(1).optional(),
  decoder_layers: z.array(z.int().min(1)).min(1).optional(),
  steps: z.int().min(1).default(2000),
  batch_size: z.int().min(1).default(8),
  resolution: z.int().min(8).optional(),
  learning_rate: positive.default(1e-3),
});

const alignSettings = z.strictObject({
  steps: z.int().min(1).default(1000),
  batch_size: z.int().min(1).default(16),
  learning_rate: positive.default(3e-4),
  /** Of the loss between features at the ends of stages; 0: only predictions are compared. */
  feature_weight: z.number().min(0).default(0),
  ema_decay: z.number().min(0).lt(1).default(0.995),
  /** Whose latents students see: those of the tiny VAE that they are shipped with, or the teacher's. */
  latents: z.enum(['tiny', 'teacher']).default('tiny'),
});

/** A path in a config, which whoever reads the file makes absolute. */
type PathSchema = z.ZodType<string>;

/** `run.yaml` of `nanosd pipeline`: from a teacher to its family. */
export const pipelineConfigSchema = (path: PathSchema) =>
  z.strictObject({
    /** A checkpoint: its folder, or its name in the package. */
    teacher: path,
    /** Folders of photographs that students learn from. */
    photos: z.array(path).min(1),
    /** A folder of photographs that are held out. */
    validation: path,
    output_dir: path,
    seed: z.int().min(0).default(1),
    /** Threads or processes at a time. */
    workers: z.int().min(1).max(64).default(2),
    profile: profileSettings.prefault({}),
    distill: distillSettingsSchema.omit({ seed: true }).prefault({}),
    search: searchSettings.prefault({}),
    vae: vaeSettings.prefault({}),
    align: alignSettings.prefault({}),
    /**
     * Which of the family is aligned twice more, from inherited and from random weights, to show what distillation
     * is worth; null for none.
     */
    compare: z.string().nullable().default('nanosd-balanced'),
  });

export type PipelineConfig = z.output<ReturnType<typeof pipelineConfigSchema>>;

/**
 * Parses the config of a pipeline; `resolvePath` makes what it does of the paths in it.
 * @throws ConfigError with a line for every wrong key.
 */
export function parsePipelineConfig(
  value: unknown,
  source: string,
  resolvePath: (path: string) => string = (path) => path,
): PipelineConfig {
  const schema: z.ZodType<PipelineConfig> = pipelineConfigSchema(z.string().transform(resolvePath));
  return parseConfig(schema, value, source);
}
