import { ConfigError, kindEmbeddingName } from '../../models/index.js';
import type { OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import { tensor, toFloat32, type Tensor } from '../../tensor/index.js';
import type { PhotoFile } from '../data/photoFile.js';
import type { KindsFrom } from '../data/pictureKinds.js';
import { readPictureKinds } from '../data/pictureKinds-node.js';
import { textPrompts, type PromptTable } from './promptTable.js';
import { encodeTexts } from './textPrompts-node.js';

/**
 * The prompts that a teacher is told of photographs: their kinds, as it has learned them, or as texts for its text
 * encoder.
 * @throws ConfigError for a teacher that has neither.
 */
export async function openTeacherPrompts(
  teacher: OpenCheckpoint,
  photos: readonly PhotoFile[],
  kindsFrom: KindsFrom,
): Promise<PromptTable> {
  const { names } = await readPictureKinds(photos, kindsFrom);
  const textOf = (kind: number): string => names[kind] ?? '';
  const embeddings = await teacherEmbeddings(teacher, names);
  return textPrompts(embeddings, kindsFrom, textOf);
}

/**
 * One prompt `[1, tokens, crossAttentionDim]` of a checkpoint: a kind of pictures, or a text for its text encoder.
 * @throws ConfigError for a checkpoint that has neither, and for a kind that it has not learned.
 */
export async function promptEmbedding(
  checkpoint: OpenCheckpoint,
  prompt: string,
): Promise<Tensor<'float32'>> {
  const embeddings = await teacherEmbeddings(checkpoint, [prompt]);
  const found = embeddings.get(prompt);
  if (found) return found;
  const known = [...embeddings.keys()].map((name) => JSON.stringify(name)).join(', ');
  throw new ConfigError(
    `prompt: expected one of ${known}, which ${checkpoint.path} knows, got ${JSON.stringify(prompt)}`,
  );
}

async function teacherEmbeddings(
  { path, promptEmbeddings, textEncoder }: OpenCheckpoint,
  names: readonly string[],
): Promise<ReadonlyMap<string, Tensor<'float32'>>> {
  if (textEncoder) return encodeTexts(path, names);
  if (!promptEmbeddings) {
    throw new ConfigError(`${path}: expected a text encoder or prompt_embeddings, got neither`);
  }
  const { config } = promptEmbeddings.network;
  const rows = toFloat32(await promptEmbeddings.weights.read(kindEmbeddingName));
  const length = config.tokens * config.crossAttentionDim;
  const shape = [1, config.tokens, config.crossAttentionDim];
  return new Map(
    config.names.map((name, row) => [
      name,
      tensor('float32', shape, rows.slice(row * length, (row + 1) * length)),
    ]),
  );
}
