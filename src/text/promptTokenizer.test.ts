import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeClipTokenizer } from '../models/clipTokenizer-node.js';
import { clipTokenizerJson, parseMerges, TokenizerError, vocabularyOfMerges } from './index.js';
import { createPromptTokenizer, type PromptTokenizer } from './promptTokenizer.js';
import { openTokenizerFolder } from './tokenizerFolder-node.js';

const shipped = fileURLToPath(new URL('../../models/clip-tokenizer/', import.meta.url));

let root: string;
let tokenizer: PromptTokenizer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-text-'));
  tokenizer = await openTokenizerFolder(shipped);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const ids = (prompt: string): number[] =>
  Array.from(tokenizer.tokenize(prompt).inputIds.data, Number);
const words = (prompt: string): number[] => ids(prompt).filter((id) => id < 49406);

describe('a prompt', () => {
  it('stands between its start and ends, up to 77', () => {
    expect(tokenizer).toMatchObject({ length: 77, vocabularySize: 49408 });
    // The ids of openai/CLIP.
    const content = [320, 1125, 539, 320, 2368];
    const filling = new Array<number>(71).fill(49407);
    expect(ids('A  photo of a\ncat')).toEqual([49406, ...content, ...filling]);
    expect(tokenizer.tokenize('A photo of a cat').truncated).toBe('');
    expect(ids('')).toEqual([49406, ...new Array<number>(76).fill(49407)]);
  });

  it('is told apart from one that only looks the same', () => {
    expect(words('cafe\u0301')).toEqual(words('café'));
    expect(words('ΣΊΣ')).toEqual(words('σίσ'));
    expect(words('a\u0085b')).toEqual(words('a b'));
    expect(words('a\ufeffb')).not.toEqual(words('a b'));
  });

  it('that is too long loses its end, and says which words', () => {
    const fitting = 'word '.repeat(74);
    expect(tokenizer.tokenize(`${fitting} cat`).truncated).toBe('');
    const long = tokenizer.tokenize(`${fitting} Cat naïve Äpfel`);
    expect(long.truncated).toBe('naïve äpfel');
    expect(long.inputIds.shape).toEqual([1, 77]);
    expect(Number(long.inputIds.data[76])).toBe(49407);
    // The first part of the word has room; the word is not in for that.
    const broken = tokenizer.tokenize(`${fitting} bioluminescent`);
    expect(broken.truncated).toBe('bioluminescent');
  });
});

describe('a tokenizer folder', () => {
  const folder = async (name: string, files: Readonly<Record<string, string>>): Promise<string> => {
    const path = join(root, name);
    await mkdir(path);
    for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text);
    return path;
  };

  it('is written as diffusers expects it, and read again', async () => {
    const path = join(root, 'written');
    await writeClipTokenizer(path);
    const vocabulary = JSON.parse(await readFile(join(path, 'vocab.json'), 'utf8')) as object;
    expect(vocabulary).toMatchObject({ '!': 0, 'cat</w>': 2368, '<|endoftext|>': 49407 });
    const again = await openTokenizerFolder(path);
    expect(again.tokenize('a cat')).toEqual(tokenizer.tokenize('a cat'));
  });

  it('may hold a tokenizer.json instead, or tokens of a fine-tune', async () => {
    const text = await readFile(join(shipped, 'merges.txt'), 'utf8');
    const merges = parseMerges(text).slice(0, 100);
    const vocabulary = vocabularyOfMerges(merges);
    const json = JSON.stringify(clipTokenizerJson({ vocabulary, merges }));
    const whole = await openTokenizerFolder(await folder('whole', { 'tokenizer.json': json }));
    expect(whole.vocabularySize).toBe(614);
    const added = await folder('added', {
      'merges.txt': merges.join('\n'),
      'added_tokens.json': '{ "<style>": 614 }',
    });
    const tuned = await openTokenizerFolder(added);
    expect(tuned.vocabularySize).toBe(615);
    expect(Number(tuned.tokenize('<style>').inputIds.data[1])).toBe(614);
  });

  it('that is missing or broken is refused by name', async () => {
    await expect(openTokenizerFolder(join(root, 'nowhere'))).rejects.toThrow(
      /nowhere: expected merges\.txt and vocab\.json, or tokenizer\.json, got neither/,
    );
    const broken = await folder('broken', { 'merges.txt': 'a b', 'vocab.json': '{' });
    await expect(openTokenizerFolder(broken)).rejects.toThrow(/vocab\.json: expected JSON/);
    const foreign = await folder('foreign', { 'tokenizer.json': '{"model":{"type":"Unigram"}}' });
    await expect(openTokenizerFolder(foreign)).rejects.toThrow(TokenizerError);
    await expect(openTokenizerFolder(foreign)).rejects.toThrow(
      /tokenizer\.json: expected a CLIP tokenizer: model\.type/,
    );
    expect(() =>
      createPromptTokenizer(clipTokenizerJson({ vocabulary: {}, merges: [] })),
    ).toThrow();
  });
});
