// CLIP's byte-pair vocabulary, in the two files that checkpoints have, as the one that the library reads.

/** A tokenizer whose files are missing or do not fit; the message says which, and why. */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
}

/** The ids of tokens, as `vocab.json` holds them. */
export type Vocabulary = Readonly<Record<string, number>>;

export const startToken = '<|startoftext|>';
export const endToken = '<|endoftext|>';

/** What `tokenizer.json` would hold: CLIP's normalisation and splitting around a vocabulary. */
export interface ClipTokenizerFile {
  readonly vocabulary: Vocabulary;
  /** `merges.txt`, a pair of tokens a line, the most frequent first. */
  readonly merges: readonly string[];
  /** Tokens of a fine-tune, as `added_tokens.json` holds them. */
  readonly addedTokens?: Vocabulary;
}

/** The `tokenizer.json` of a CLIP vocabulary, as plain data. */
export function clipTokenizerJson({
  vocabulary,
  merges,
  addedTokens = {},
}: ClipTokenizerFile): object {
  const ids = {
    [startToken]: vocabulary[startToken],
    [endToken]: vocabulary[endToken],
    ...addedTokens,
  };
  const addedToken = ([content, id]: [string, number]): object => ({
    id,
    content,
    special: content === startToken || content === endToken,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: content !== endToken,
  });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: Object.entries(ids).map(addedToken),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: wordPattern }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: endToken,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      vocab: vocabulary,
      merges,
    },
  };
}

/** English contractions, runs of letters, single digits, runs of anything else that is not a space. */
const wordPattern = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/** The pairs of a `merges.txt`, without its first line if that is a comment. */
export function parseMerges(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines[0].startsWith('#version')) lines.shift();
  return lines.filter((line) => line !== '');
}

/**
 * The vocabulary that merges define: the 256 bytes, the same at the end of a word, each merged pair in its order,
 * and the two special tokens.
 */
export function vocabularyOfMerges(merges: readonly string[]): Vocabulary {
  const bytes = byteAlphabet();
  const tokens = [
    ...bytes,
    ...bytes.map((byte) => `${byte}</w>`),
    ...merges.map((pair) => pair.replace(' ', '')),
    startToken,
    endToken,
  ];
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/** A visible character for each byte: its own where it has one, else the next free one from U+0100; in CLIP's order. */
function byteAlphabet(): string[] {
  const visible = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const own = all.filter(visible);
  const invisible = all.filter((byte) => !visible(byte));
  return [...own, ...invisible.map((_, i) => 0x100 + i)].map((code) => String.fromCharCode(code));
}
