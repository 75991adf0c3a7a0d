import { readFile } from 'node:fs/promises';
import { clipText, ConfigError } from '../../models/index.js';
import { openCheckpoint } from '../../models/openCheckpoint-node.js';
import { createWorkerExecutor } from '../../runtime/worker-node.js';
import { tensor, toFloat32, type Tensor } from '../../tensor/index.js';
import type { PhotoFile } from '../data/photoFile.js';
import { openTokenizerFolder } from '../../text/tokenizerFolder-node.js';

/**
 * The texts beside photographs: `photo.txt` for `photo.jpg`, in one line.
 * @throws ConfigError naming the first file that is not there, and how many are not.
 */
export async function readCaptions(photos: readonly PhotoFile[]): Promise<string[]> {
  const paths = photos.map(({ path }) => path.replace(/\.[^.]*$/, '.txt'));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => null)));
  const missing = paths.filter((_, i) => texts[i] === null);
  if (missing.length > 0) {
    const others = missing.length > 1 ? ` (and ${missing.length - 1} others)` : '';
    throw new ConfigError(`${missing[0]}${others}: expected a caption, got no file`);
  }
  return texts.map((text) => (text ?? '').trim().replaceAll(/\s+/g, ' '));
}

/**
 * Encodes texts, each once, and `""`, with the text encoder of a checkpoint: `[1, tokens, width]` each.
 * @throws ModelError or WeightsError as `openCheckpoint`; ConfigError for a checkpoint that reads no text.
 */
export async function encodeTexts(
  model: string,
  texts: readonly string[],
): Promise<Map<string, Tensor<'float32'>>> {
  await using checkpoint = await openCheckpoint(model);
  const { textEncoder, tokenizerFolder, path } = checkpoint;
  if (!textEncoder || tokenizerFolder === null) {
    throw new ConfigError(`${path}: expected a checkpoint with a text encoder, got one without`);
  }
  const { config } = textEncoder.network;
  const tokenizer = await openTokenizerFolder(tokenizerFolder, config.maxPositionEmbeddings);
  await using executor = createWorkerExecutor();
  const graph = { ...clipText(config, { batch: 1 }), taps: [] };
  await using session = await executor.loadMapped(graph, textEncoder.weights);
  const encoded = new Map<string, Tensor<'float32'>>();
  for (const text of new Set([...texts, ''])) {
    const { inputIds } = tokenizer.tokenize(text);
    const { last_hidden_state: states } = await session.run({ input_ids: inputIds });
    encoded.set(text, tensor('float32', states.shape, toFloat32(states)));
  }
  return encoded;
}
