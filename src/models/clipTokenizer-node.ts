import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endToken, parseMerges, startToken, vocabularyOfMerges } from '../text/index.js';
import { makeFolder } from '../weights/makeFolder-node.js';
import { packagePath } from './packageFolder-node.js';

/** The folder of CLIP's own vocabulary, which the package ships for checkpoints that hold none. */
export function clipTokenizerFolder(): string {
  return packagePath('models', 'clip-tokenizer');
}

/** Writes CLIP's own vocabulary as the `tokenizer/` folder of a checkpoint, with all the files that diffusers expects. */
export async function writeClipTokenizer(folder: string): Promise<void> {
  await writeTokenizer(folder, await readFile(join(clipTokenizerFolder(), 'merges.txt'), 'utf8'));
}

/** Writes a vocabulary of the 256 bytes alone, 514 tokens with the special ones and those that end a word. */
export function writeByteTokenizer(folder: string): Promise<void> {
  return writeTokenizer(folder, '#version: 0.2\n');
}

async function writeTokenizer(folder: string, merges: string): Promise<void> {
  const files: Readonly<Record<string, string>> = {
    'merges.txt': merges,
    'vocab.json': JSON.stringify(vocabularyOfMerges(parseMerges(merges))),
    'special_tokens_map.json': jsonText(specialTokens),
    'tokenizer_config.json': jsonText({
      ...specialTokens,
      add_prefix_space: false,
      do_lower_case: true,
      errors: 'replace',
      model_max_length: 77,
      tokenizer_class: 'CLIPTokenizer',
    }),
  };
  await makeFolder(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

/** Prompts are filled up with the end, not with 0. */
const specialTokens = {
  bos_token: startToken,
  eos_token: endToken,
  pad_token: endToken,
  unk_token: endToken,
};

function jsonText(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
