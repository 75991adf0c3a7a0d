import { clipText, ConfigError, kindEmbeddingName } from '../models/index.js';
import type { OpenCheckpoint } from '../models/openCheckpoint-node.js';
import { createPromptEncoder } from '../generation/index.js';
import { createWorkerExecutor } from '../runtime/worker-node.js';
import { float32, tensor, toFloat32, type Tensor } from '../tensor/index.js';
import { openTokenizerFolder } from '../text/tokenizerFolder-node.js';

/** The prompts that a teacher is shown latents with. */
export interface TeacherPrompts {
  /** `[rows, tokens, crossAttentionDim]`. */
  readonly embeddings: Tensor<'float32'>;
  /** Of kinds of pictures, one a row; empty for prompts that are texts. */
  readonly names: readonly string[];
  /** Whether a picture's kind decides its row; else each row is as likely as any other. */
  readonly byKind: boolean;
  /** The row that stands for no prompt. */
  readonly unconditional: number;
}

/**
 * Tokens of the prompts that a checkpoint's U-Net reads.
 * @throws ConfigError for one that has neither a text encoder nor prompts that it has learned.
 */
export function promptTokens({ textEncoder, promptEmbeddings, path }: OpenCheckpoint): number {
  if (textEncoder) return textEncoder.network.config.maxPositionEmbeddings;
  if (promptEmbeddings) return promptEmbeddings.network.config.tokens;
  throw new ConfigError(`${path}: expected a text encoder or prompt_embeddings, got neither`);
}

/** The prompts of a teacher: those that it has learned for kinds of pictures, or `texts` as its text encoder reads them. */
export async function openTeacherPrompts(
  checkpoint: OpenCheckpoint,
  texts: readonly string[],
): Promise<TeacherPrompts> {
  const { promptEmbeddings } = checkpoint;
  if (!promptEmbeddings) return encodeTexts(checkpoint, texts);
  const { names, tokens, crossAttentionDim } = promptEmbeddings.network.config;
  const rows = toFloat32(await promptEmbeddings.weights.read(kindEmbeddingName));
  return {
    embeddings: tensor('float32', [names.length, tokens, crossAttentionDim], rows),
    names,
    byKind: true,
    unconditional: names.indexOf(''),
  };
}

async function encodeTexts(
  { textEncoder, tokenizerFolder, path }: OpenCheckpoint,
  texts: readonly string[],
): Promise<TeacherPrompts> {
  if (!textEncoder || tokenizerFolder === null) {
    throw new ConfigError(`${path}: expected a text encoder with a tokenizer, got none`);
  }
  const { config } = textEncoder.network;
  const { maxPositionEmbeddings: tokens, hiddenSize: width } = config;
  const tokenizer = await openTokenizerFolder(tokenizerFolder, tokens);
  await using executor = createWorkerExecutor();
  const encode = createPromptEncoder(tokenizer, () =>
    executor.loadMapped({ ...clipText(config, { batch: 1 }), taps: [] }, textEncoder.weights),
  );
  // The last row is that of no prompt.
  const encoded = await encode([...texts, '']);
  const values = encoded.flatMap(({ hiddenStates }) => [...toFloat32(hiddenStates)]);
  const rows = encoded.length;
  return {
    embeddings: float32([rows, tokens, width], values),
    names: [],
    byKind: false,
    unconditional: rows - 1,
  };
}
