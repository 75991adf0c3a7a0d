import type { Session } from '../graph/index.js';
import type { PromptEmbeddingsConfig } from '../models/index.js';
import { tensor, toFloat32, type Tensor } from '../tensor/index.js';
import type { PromptTokenizer } from '../text/index.js';

/** A prompt as the U-Net reads it. */
export interface EncodedPrompt {
  /** `[1, tokens, width]`. */
  readonly hiddenStates: Tensor;
  /** The words that the text encoder has no room for; empty if all of the prompt is in. */
  readonly truncated: string;
}

/** Encodes prompts, those it has met before without any work. */
export type PromptEncoder = (prompts: readonly string[]) => Promise<readonly EncodedPrompt[]>;

/** 0.24 MB each in SD 1.x. */
const PROMPTS_KEPT = 64;

/**
 * Encodes prompts with CLIP. `open` loads the network of `clipText` for one prompt at a time; it is disposed of
 * after the prompts that were new, as they are few and the U-Net will need the memory.
 */
export function createPromptEncoder(
  tokenizer: PromptTokenizer,
  open: () => Promise<Session>,
): PromptEncoder {
  const known = new Map<string, EncodedPrompt>();
  return async (prompts) => {
    const fresh = new Set(prompts.filter((prompt) => !known.has(prompt)));
    if (fresh.size > 0) {
      await using session = await open();
      for (const prompt of fresh) known.set(prompt, await encode(session, tokenizer, prompt));
    }
    const found = prompts.flatMap((prompt) => known.get(prompt) ?? []);
    // A map keeps the order of insertion, so the first are the oldest.
    for (const oldest of known.keys()) if (known.size > PROMPTS_KEPT) known.delete(oldest);
    return found;
  };
}

/**
 * Looks learned prompts up: a prompt is the name of a kind of pictures, several with commas between them, whose mean is
 * taken, or empty for none in particular.
 * @param read reads the prompts, `[names, tokens * crossAttentionDim]`; called once, when they are first needed.
 */
export function createKindEncoder(
  { names, tokens, crossAttentionDim }: PromptEmbeddingsConfig,
  read: () => Promise<Tensor>,
): PromptEncoder {
  let rows: Float32Array | undefined;
  const length = tokens * crossAttentionDim;
  return async (prompts) => {
    const places = prompts.map((prompt) => placesOf(names, prompt));
    const table = (rows ??= toFloat32(await read()));
    return places.map((chosen) => {
      const row = meanRow(table, chosen, length);
      return {
        hiddenStates: tensor('float32', [1, tokens, crossAttentionDim], row),
        truncated: '',
      };
    });
  };
}

/** @throws RangeError naming the kinds that there are. */
function placesOf(names: readonly string[], prompt: string): number[] {
  const words = prompt.split(',').map((word) => word.trim());
  const places = words.map((word) => names.indexOf(word));
  if (!places.includes(-1)) return places;
  const unknown = words[places.indexOf(-1)];
  const known = names.filter((name) => name !== '');
  if (known.length === 0) {
    throw new RangeError(
      `expected an empty prompt, which is all this model knows, got "${prompt}"`,
    );
  }
  throw new RangeError(
    `expected words that this model has learned (${known.join(', ')}), one, several with commas between them, ` +
      `or none, got "${unknown}"`,
  );
}

function meanRow(table: Float32Array, places: readonly number[], length: number): Float32Array {
  const mean = new Float32Array(length);
  for (const place of places) {
    for (let i = 0; i < length; i++) mean[i] += table[place * length + i] / places.length;
  }
  return mean;
}

async function encode(
  session: Session,
  tokenizer: PromptTokenizer,
  prompt: string,
): Promise<EncodedPrompt> {
  const { inputIds, truncated } = tokenizer.tokenize(prompt);
  const outputs = await session.run({ input_ids: inputIds });
  return { hiddenStates: outputs.last_hidden_state, truncated };
}
