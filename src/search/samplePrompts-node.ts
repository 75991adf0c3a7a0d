import { join } from 'node:path';
import { clipText } from '../models/index.js';
import { createPromptEncoder } from '../generation/promptEncoder.js';
import { ModelError, readConfigFile } from '../models/modelFiles-node.js';
import { weightsFileName } from '../models/modelFolder-node.js';
import { configFileName } from '../models/networkFolder-node.js';
import type { OpenCheckpoint } from '../models/openCheckpoint-node.js';
import type { NodeExecutor } from '../runtime/nodeExecutor-node.js';
import { openTokenizerFolder } from '../text/tokenizerFolder-node.js';
import { tensor, toFloat32, type Tensor } from '../tensor/index.js';
import { readSafetensorsFile } from '../weights/safetensors-node.js';

/** A prompt that samples are made of. */
export interface SamplePrompt {
  /** The text, or the kind of picture. */
  readonly name: string;
  /** `[1, tokens, width]`. */
  readonly hiddenStates: Tensor;
}

/** What a teacher that reads text is asked for unless prompts are given. */
export const defaultPrompts: readonly string[] = [
  'a photo of mountains and a lake',
  'a portrait photo of an old man',
  'a street in a city at night',
  'a bowl of fruit on a wooden table',
  'a dog running on a beach',
  'a house in a garden',
  'a forest in autumn',
  'a close-up of a flower',
];

/**
 * The prompts of a checkpoint: its kinds of pictures, all or those that are named, or texts as its text encoder
 * reads them.
 * @throws ModelError for a checkpoint that has neither, or not the kind that is named.
 */
export async function samplePrompts(
  checkpoint: OpenCheckpoint,
  names: readonly string[] | undefined,
  executor: NodeExecutor,
): Promise<readonly SamplePrompt[]> {
  const { path, textEncoder, tokenizerFolder } = checkpoint;
  if (!textEncoder || tokenizerFolder === null) return kindsOf(path, names);
  const { config } = textEncoder.network;
  const tokenizer = await openTokenizerFolder(tokenizerFolder, config.maxPositionEmbeddings);
  const graph = { ...clipText(config, { batch: 1 }), taps: [] };
  const encode = createPromptEncoder(tokenizer, () =>
    executor.loadMapped(graph, textEncoder.weights),
  );
  const texts = names ?? defaultPrompts;
  const encoded = await encode(texts);
  return texts.map((name, i) => ({ name, hiddenStates: encoded[i].hiddenStates }));
}

async function kindsOf(
  checkpoint: string,
  wanted: readonly string[] | undefined,
): Promise<readonly SamplePrompt[]> {
  const folder = join(checkpoint, 'prompt_embeddings');
  const { names, tokens } = (await readConfigFile(join(folder, configFileName))) as {
    names: readonly string[];
    tokens: number;
  };
  const { tensors } = await readSafetensorsFile(join(folder, weightsFileName));
  const table = tensors.get('kind_embedding.weight');
  if (!table) throw new ModelError(`${folder}: expected kind_embedding.weight, got none`);
  const rows = toFloat32(table);
  const length = table.shape[1];
  // The row without a name is what guidance leads away from.
  const kinds = names.flatMap((name, i) => {
    if (name === '') return [];
    const shape = [1, tokens, length / tokens];
    const hiddenStates = tensor('float32', shape, rows.slice(i * length, (i + 1) * length));
    return [{ name, hiddenStates }];
  });
  const unknown = wanted?.filter((name) => !kinds.some((kind) => kind.name === name)) ?? [];
  if (unknown.length > 0) {
    const known = kinds.map(({ name }) => name).join(', ');
    throw new ModelError(`${folder}: expected kinds among ${known}, got ${unknown.join(', ')}`);
  }
  return wanted ? kinds.filter(({ name }) => wanted.includes(name)) : kinds;
}
