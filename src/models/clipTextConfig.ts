import { z } from 'zod';

const width = z.int().min(1).max(16384);
const token = z.int().min(0);
const unused = z.unknown().optional();

/** `config.json` of a `CLIPTextModel`, with every key that published SD 1.x files have. */
export const clipTextConfigSchema = z
  .strictObject({
    model_type: z.literal('clip_text_model').optional(),
    vocab_size: z.int().min(1).default(49408),
    hidden_size: width,
    intermediate_size: width,
    num_hidden_layers: z.int().min(1).max(64),
    num_attention_heads: z.int().min(1),
    max_position_embeddings: z.int().min(1).max(4096).default(77),
    hidden_act: z.enum(['quick_gelu', 'gelu']).default('quick_gelu'),
    layer_norm_eps: z.number().positive().default(1e-5),
    // These matter to training, to other heads or to the file's history, but not to this network.
    architectures: z.array(z.string()).nullable().optional(),
    bos_token_id: token.nullable().optional(),
    eos_token_id: token.nullable().optional(),
    pad_token_id: token.nullable().optional(),
    projection_dim: z.int().min(1).optional(),
    attention_dropout: z.number().optional(),
    dropout: z.number().optional(),
    initializer_factor: z.number().optional(),
    initializer_range: z.number().optional(),
    torch_dtype: z.string().nullable().optional(),
    dtype: z.string().nullable().optional(),
    transformers_version: z.string().nullable().optional(),
    _name_or_path: z.string().nullable().optional(),
    _attn_implementation_autoset: unused,
    _nanosd_version: z.string().optional(),
    output_attentions: unused,
    output_hidden_states: unused,
    return_dict: unused,
    use_cache: unused,
  })
  .refine((file) => file.hidden_size % file.num_attention_heads === 0, {
    path: ['num_attention_heads'],
    error: 'expected a divisor of hidden_size',
  });

export type ClipTextFile = z.output<typeof clipTextConfigSchema>;

/** A CLIP text encoder. */
export interface ClipTextConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  /** The most tokens that a prompt has, with its two special ones: 77. */
  readonly maxPositionEmbeddings: number;
  readonly hiddenAct: 'quick_gelu' | 'gelu';
  readonly layerNormEps: number;
}

/** The config under the names that the code uses. */
export function clipTextConfig(file: ClipTextFile): ClipTextConfig {
  return {
    vocabSize: file.vocab_size,
    hiddenSize: file.hidden_size,
    intermediateSize: file.intermediate_size,
    numHiddenLayers: file.num_hidden_layers,
    numAttentionHeads: file.num_attention_heads,
    maxPositionEmbeddings: file.max_position_embeddings,
    hiddenAct: file.hidden_act,
    layerNormEps: file.layer_norm_eps,
  };
}
