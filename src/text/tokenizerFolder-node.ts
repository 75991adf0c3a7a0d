import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  clipTokenizerJson,
  parseMerges,
  TokenizerError,
  vocabularyOfMerges,
  type Vocabulary,
} from './clipTokenizer.js';
import { createPromptTokenizer, type PromptTokenizer } from './promptTokenizer.js';

const vocabularySchema = z.record(z.string(), z.int().min(0));

/**
 * Opens the `tokenizer/` folder of a checkpoint: `vocab.json` and `merges.txt` (and `added_tokens.json`, where a
 * fine-tune has one), or else `tokenizer.json`. Merges alone will do, as they define the vocabulary. Prompts are
 * of `length` tokens.
 * @throws TokenizerError naming the file that is missing or does not fit.
 */
export async function openTokenizerFolder(folder: string, length = 77): Promise<PromptTokenizer> {
  const mergesPath = join(folder, 'merges.txt');
  const merges = await readText(mergesPath);
  if (merges !== undefined) {
    const pairs = parseMerges(merges);
    const vocabulary = await readVocabulary(join(folder, 'vocab.json'));
    const addedTokens = await readVocabulary(join(folder, 'added_tokens.json'));
    const json = clipTokenizerJson({
      vocabulary: vocabulary ?? vocabularyOfMerges(pairs),
      merges: pairs,
      ...(addedTokens && { addedTokens }),
    });
    return labelled(mergesPath, () => createPromptTokenizer(json, length));
  }
  const whole = join(folder, 'tokenizer.json');
  const text = await readText(whole);
  if (text === undefined) {
    throw new TokenizerError(
      `${folder}: expected merges.txt and vocab.json, or tokenizer.json, got neither`,
    );
  }
  return labelled(whole, () => createPromptTokenizer(parseJson(text), length));
}

async function readVocabulary(path: string): Promise<Vocabulary | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  const parsed = vocabularySchema.safeParse(labelled(path, () => parseJson(text)));
  if (parsed.success) return parsed.data;
  throw new TokenizerError(`${path}: expected a number for each token`);
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new TokenizerError(`${path}: cannot be read (${error.message})`, { cause: error });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TokenizerError(`expected JSON (${(error as Error).message})`, { cause: error });
  }
}

function labelled<T>(path: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    if (!(error instanceof TokenizerError)) throw error;
    throw new TokenizerError(`${path}: ${error.message}`, { cause: error });
  }
}
