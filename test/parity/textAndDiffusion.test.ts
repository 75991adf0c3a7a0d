import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runParity } from '../../tools/parity/run.js';

const goldens = fileURLToPath(new URL('../../../shared/goldens/', import.meta.url));

// Skipped where the goldens are not beside the project.
it.skipIf(!existsSync(goldens)).each(['clip_text', 'tokenizer', 'schedulers', 'depth_metrics'])(
  'holds for %s',
  async (name) => {
    const lines: string[] = [];
    expect(await runParity(join(goldens, name), (line) => lines.push(line))).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/^PASS [^;]*$/)]);
  },
);
