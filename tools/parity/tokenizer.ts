// Token ids of prompts against a case of kind `clip_bpe_tokenizer`. Where the fast and the slow tokenizer
// differ (the slow one runs ftfy), this package does what the fast one does.

import { z } from 'zod';
import { openTokenizerFolder } from '../../src/text/tokenizerFolder-node.js';
import { toFloat64 } from '../../src/tensor/index.js';
import { largestDifference, type CheckResult } from './check.js';

const caseSchema = z.object({
  files: z.object({ vocab: z.literal('vocab.json'), merges: z.literal('merges.txt') }),
  prompts: z.array(
    z.object({
      i: z.int(),
      prompt: z.string(),
      slow_ftfy_ids: z.array(z.int()),
      fast_ids: z.array(z.int()).optional(),
    }),
  ),
});

export async function checkTokenizer(directory: string, caseJson: unknown): Promise<CheckResult[]> {
  const { prompts } = caseSchema.parse(caseJson);
  const tokenizer = await openTokenizerFolder(directory);
  return prompts.map(({ i, prompt, slow_ftfy_ids: slow, fast_ids: fast }) => {
    const ids = toFloat64(tokenizer.tokenize(prompt).inputIds);
    return { name: `prompt ${i}`, error: largestDifference(ids, fast ?? slow), tolerance: 0 };
  });
}
