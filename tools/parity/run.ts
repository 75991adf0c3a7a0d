import { readFile, readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { worstRatio, type Check, type CheckResult } from './check.js';
import { kinds } from './kinds.js';

type Verdict = 'PASS' | 'FAIL' | 'SKIP';

const headSchema = z.looseObject({ kind: z.string() });

/**
 * Compares every case below `root` and prints a line for each: 0 when all hold, 1 when one does not, 2 when
 * there is no case.
 */
export async function runParity(root: string, print: (line: string) => void): Promise<number> {
  const cases = await findCases(root).catch(() => []);
  if (cases.length === 0) {
    print(`${root}: expected a folder with case.json files below it`);
    return 2;
  }
  let failed = false;
  for (const path of cases) {
    const directory = dirname(path);
    const { verdict, detail } = await judge(path, directory);
    print(`${verdict} ${relative(root, directory) || '.'}: ${detail}`);
    failed ||= verdict === 'FAIL';
  }
  return failed ? 1 : 0;
}

async function findCases(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true });
  return entries
    .filter((entry) => /(^|[\\/])case\.json$/.test(entry))
    .map((entry) => join(root, entry))
    .sort();
}

async function judge(
  path: string,
  directory: string,
): Promise<{ verdict: Verdict; detail: string }> {
  try {
    const caseJson: unknown = JSON.parse(await readFile(path, 'utf8'));
    const { kind } = headSchema.parse(caseJson);
    const check = kinds[kind];
    if (!check) return { verdict: 'SKIP', detail: `unknown kind ${kind}` };
    return summarize(await check(directory, caseJson));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { verdict: 'FAIL', detail: message.replaceAll(/\s*\n\s*/g, ' ') };
  }
}

function summarize(checks: readonly Check[]): { verdict: Verdict; detail: string } {
  const results = checks.filter((check): check is CheckResult => 'error' in check);
  const skipped = checks.flatMap((check) =>
    'skipped' in check ? [`; skipped ${check.name}: ${check.skipped}`] : [],
  );
  if (results.length === 0)
    return { verdict: 'SKIP', detail: `nothing to check${skipped.join('')}` };
  const failures = results.filter((result) => !(worstRatio(result) <= 1));
  const worst = (failures.length > 0 ? failures : results).reduce((a, b) =>
    worstRatio(b) > worstRatio(a) || Number.isNaN(worstRatio(b)) ? b : a,
  );
  const count = failures.length > 0 ? `${failures.length} of ${results.length}` : results.length;
  const detail =
    `${count} checks${failures.length > 0 ? ' fail' : ''}, worst ${worst.name}: ` +
    `error ${worst.error.toPrecision(3)}, tolerance ${worst.tolerance.toPrecision(3)}, ` +
    `ratio ${worstRatio(worst).toPrecision(3)}${skipped.join('')}`;
  return { verdict: failures.length > 0 ? 'FAIL' : 'PASS', detail };
}
