import { join } from 'node:path';
import { clipText, ConfigError } from '../models/index.js';
import type { OpenCheckpoint } from '../models/openCheckpoint-node.js';
import { kindOf, readConfigFile } from '../models/modelFiles-node.js';
import { weightsFileName } from '../models/modelFolder-node.js';
import { createPromptEncoder } from '../generation/index.js';
import { createWorkerExecutor } from '../runtime/worker-node.js';
import { float32, tensor, toFloat32, type Tensor } from '../tensor/index.js';
import { openTokenizerFolder } from '../text/tokenizerFolder-node.js';
import { readSafetensorsFile } from '../weights/safetensors-node.js';

/** The prompts that a teacher is shown latents with. */
export interface TeacherPrompts {
  /** `[rows, tokens, crossAttentionDim]`. */
  readonly embeddings: Tensor<'float32'>;
  /** Of kinds of pictures, one a row; empty for prompts that are texts. */
  readonly names: readonly string[];
  /** Whether a picture's kind decides its row; else each row is as likely as any other. */
  readonly byKind: boolean;
  /** The row that stands for no prompt; null where there is none. */
  readonly unconditional: number | null;
}

interface Learned {
  readonly names: readonly string[];
  readonly tokens: number;
  readonly width: number;
}

/** Tokens of the prompts that a checkpoint's U-Net reads. */
export async function promptTokens(checkpoint: OpenCheckpoint): Promise<number> {
  if (checkpoint.textEncoder) return checkpoint.textEncoder.network.config.maxPositionEmbeddings;
  return (await readLearned(checkpoint)).tokens;
}

/**
 * The prompts of a teacher: those that it has learned for kinds of pictures, or `texts` as its text encoder
 * reads them.
 * @throws ConfigError for a teacher that has neither.
 */
export async function openTeacherPrompts(
  checkpoint: OpenCheckpoint,
  texts: readonly string[],
): Promise<TeacherPrompts> {
  if (checkpoint.textEncoder) return encodeTexts(checkpoint, texts);
  const { names, tokens, width } = await readLearned(checkpoint);
  const { tensors } = await readSafetensorsFile(join(learnedFolder(checkpoint), weightsFileName));
  const rows = tensors.get('kind_embedding.weight');
  if (rows?.shape[0] !== names.length || rows.shape[1] !== tokens * width) {
    const expected = `[${names.length}, ${tokens * width}]`;
    throw new ConfigError(
      `${learnedFolder(checkpoint)}: expected kind_embedding.weight ${expected}, got [${rows?.shape.join(', ') ?? ''}]`,
    );
  }
  const unconditional = names.indexOf('');
  return {
    embeddings: tensor('float32', [names.length, tokens, width], toFloat32(rows)),
    names,
    byKind: true,
    unconditional: unconditional >= 0 ? unconditional : null,
  };
}

const learnedFolder = ({ path }: OpenCheckpoint): string => join(path, 'prompt_embeddings');

async function readLearned(checkpoint: OpenCheckpoint): Promise<Learned> {
  const file = join(learnedFolder(checkpoint), 'config.json');
  if ((await kindOf(file)) !== 'file') {
    throw new ConfigError(
      `${checkpoint.path}: expected a text encoder or prompt_embeddings, got neither`,
    );
  }
  const { names, tokens, cross_attention_dim: width } = await readConfigFile(file);
  return { names: names as string[], tokens: Number(tokens), width: Number(width) };
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
