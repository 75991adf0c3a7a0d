import { z } from 'zod';
import { GraphBuilder, type Graph, type NamedValue } from '../graph/index.js';

/**
 * `config.json` of learned prompts, which stand in for a text encoder where pictures are only told apart by
 * their kind: one prompt a kind, its name being what somebody types, and `""` for no kind in particular.
 */
export const promptEmbeddingsConfigSchema = z
  .strictObject({
    _class_name: z.literal('PromptEmbeddings'),
    _diffusers_version: z.string().optional(),
    _nanosd_version: z.string().optional(),
    /** The last is `""`, the unconditional prompt. */
    names: z.array(z.string()).min(1).max(100_000),
    /** Tokens of each prompt. */
    tokens: z.int().min(1).max(1024),
    cross_attention_dim: z.int().min(1).max(8192),
  })
  .superRefine(({ names }, context) => {
    const problem = (message: string): void => {
      context.addIssue({ code: 'custom', path: ['names'], message });
    };
    if (names.at(-1) !== '') problem('expected "", the unconditional prompt, at the end');
    if (new Set(names).size !== names.length) problem('expected names that differ');
  });

export type PromptEmbeddingsFile = z.output<typeof promptEmbeddingsConfigSchema>;

/** Learned prompts of kinds of pictures. */
export interface PromptEmbeddingsConfig {
  /** The kinds, and `""` last. */
  readonly names: readonly string[];
  readonly tokens: number;
  /** Width of a token, as the U-Net has it. */
  readonly crossAttentionDim: number;
}

/** The prompts, one a row: `[names, tokens * crossAttentionDim]`. */
export const kindEmbeddingName = 'kind_embedding.weight';

/** The config under the names that the code uses. */
export function promptEmbeddingsConfig(file: PromptEmbeddingsFile): PromptEmbeddingsConfig {
  return { names: file.names, tokens: file.tokens, crossAttentionDim: file.cross_attention_dim };
}

/** The `config.json` of learned prompts. */
export function promptEmbeddingsFile(config: PromptEmbeddingsConfig): PromptEmbeddingsFile {
  return {
    _class_name: 'PromptEmbeddings',
    names: [...config.names],
    tokens: config.tokens,
    cross_attention_dim: config.crossAttentionDim,
  };
}

/** Looks prompts up: input `kind` `[N]` int64, places among the names; output `encoder_hidden_states` `[N, tokens, crossAttentionDim]`. */
export function promptEmbeddings(
  { names, tokens, crossAttentionDim }: PromptEmbeddingsConfig,
  { batch }: { readonly batch: number },
): Graph {
  const b = new GraphBuilder();
  const rows = b.param(kindEmbeddingName, [names.length, tokens * crossAttentionDim]);
  const kind = b.input('kind', [batch], 'int64');
  const chosen = b.apply('gather', [rows, kind], { axis: 0 });
  return b.build({ encoder_hidden_states: b.reshape(chosen, [batch, tokens, crossAttentionDim]) });
}

export function promptEmbeddingsParams(config: PromptEmbeddingsConfig): readonly NamedValue[] {
  return promptEmbeddings(config, { batch: 1 }).params;
}
