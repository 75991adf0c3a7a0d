import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { tensor, type Tensor } from '../tensor/index.js';
import { endToken, startToken, TokenizerError } from './clipTokenizer.js';

export interface TokenizedPrompt {
  /** `[1, length]`: the start, what there is room for of the prompt, the end, and further ends to fill up. */
  readonly inputIds: Tensor<'int64'>;
  /** The words that there was no room for, whole ones, lower-cased; empty if all of the prompt is in. */
  readonly truncated: string;
}

/** Turns prompts into what the text encoder reads. */
export interface PromptTokenizer {
  /** Tokens of every prompt, special ones and filling included: 77. */
  readonly length: number;
  /** Ids are below this. */
  readonly vocabularySize: number;
  tokenize(prompt: string): TokenizedPrompt;
}

const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string() })).default([]),
  normalizer: z.unknown().optional(),
  model: z.looseObject({
    type: z.literal('BPE'),
    end_of_word_suffix: z.literal('</w>'),
    vocab: z.record(z.string(), z.int().min(0)),
  }),
});

/**
 * A tokenizer of what a `tokenizer.json` holds. It does what Hugging Face's fast CLIP tokenizer does; the slow
 * one also runs ftfy, which repairs broken encodings and straightens quotes.
 * @throws TokenizerError for anything but a CLIP vocabulary.
 */
export function createPromptTokenizer(json: unknown, length = 77): PromptTokenizer {
  const parsed = tokenizerSchema.safeParse(json);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw new TokenizerError(`expected a CLIP tokenizer: ${path.join('.')}: ${message}`);
  }
  const { model, added_tokens: added, normalizer } = parsed.data;
  const idOf = (token: string): number => {
    const id = added.find(({ content }) => content === token)?.id ?? model.vocab[token];
    if (id === undefined) throw new TokenizerError(`expected a token ${token}, got none`);
    return id;
  };
  const [start, end] = [idOf(startToken), idOf(endToken)];
  const tokenizer = new Tokenizer(
    { ...parsed.data, normalizer: lowerPerCharacter(normalizer) },
    {},
  );
  const largestId = [...Object.values(model.vocab), ...added.map(({ id }) => id)].reduce(
    (largest, id) => Math.max(largest, id),
    0,
  );
  return {
    length,
    vocabularySize: largestId + 1,
    tokenize(prompt) {
      const { ids, tokens } = tokenizer.encode(prompt, { add_special_tokens: false });
      const kept = ids.slice(0, length - 2);
      const padding = new Array<number>(length - 1 - kept.length).fill(end);
      const inputIds = BigInt64Array.from([start, ...kept, ...padding], BigInt);
      const cut = ids.slice(startOfWord(tokens, kept.length));
      return {
        inputIds: tensor('int64', [1, length], inputIds),
        truncated: cut.length > 0 && kept.length < ids.length ? decode(tokenizer, cut) : '',
      };
    },
  };
}

/** Where the word begins whose token stands at `index`. */
function startOfWord(tokens: readonly string[], index: number): number {
  let start = index;
  while (start > 0 && isInside(tokens[start - 1])) start--;
  return start;
}

function isInside(token: string): boolean {
  return !token.endsWith('</w>') && token !== startToken && token !== endToken;
}

function decode(tokenizer: Tokenizer, ids: number[]): string {
  return tokenizer.decode(ids).replaceAll('</w>', ' ').trim();
}

/**
 * Lower-casing as the original does it, one character at a time: JavaScript would write the last sigma of a
 * word another way. It is the only letter that depends on its neighbours.
 */
function lowerPerCharacter(normalizer: unknown): unknown {
  if (Array.isArray(normalizer)) return normalizer.map(lowerPerCharacter);
  if (typeof normalizer !== 'object' || normalizer === null) return normalizer;
  if ('normalizers' in normalizer) {
    return { ...normalizer, normalizers: lowerPerCharacter(normalizer.normalizers) };
  }
  if (!('type' in normalizer) || normalizer.type !== 'Lowercase') return normalizer;
  const sigma = { type: 'Replace', pattern: { String: 'Σ' }, content: 'σ' };
  return { type: 'Sequence', normalizers: [sigma, normalizer] };
}
