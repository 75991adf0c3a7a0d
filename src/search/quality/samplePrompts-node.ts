import { openPrompts } from '../../generation/openPipeline-node.js';
import type { OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import type { NodeExecutor } from '../../runtime/nodeExecutor-node.js';
import type { Tensor } from '../../tensor/index.js';

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
 * @throws ModelError for a checkpoint that reads no prompts; RangeError for a kind that it does not know.
 */
export async function samplePrompts(
  checkpoint: OpenCheckpoint,
  names: readonly string[] | undefined,
  executor: NodeExecutor,
): Promise<readonly SamplePrompt[]> {
  const { encode } = await openPrompts(checkpoint, (graph, weights) =>
    executor.loadMapped({ ...graph, taps: [] }, weights),
  );
  // The kind without a name is what guidance leads away from.
  const kinds = checkpoint.promptEmbeddings?.network.config.names.filter((name) => name !== '');
  const texts = names ?? kinds ?? defaultPrompts;
  const encoded = await encode(texts);
  return texts.map((name, i) => ({ name, hiddenStates: encoded[i].hiddenStates }));
}
