// Opens and reads damaged files of torch: npx tsx tools/fuzzTorch.ts [COUNT] [FIRST SEED]. Every one of them must open or be refused with a
// WeightsError, within a second and without more memory than its bytes are worth.
import { readFileSync } from 'node:fs';
import { bytesSource, openTorch } from '../src/weights/index.js';
import { mutate, savedFiles } from '../test/foreign/mutatedFiles.js';

const [count = 10_000, first = 1_000_000] = process.argv.slice(2).map(Number);
const SLOWEST_MS = 1000;
const MOST_BYTES = 600 * 2 ** 20;

const golden = (name: string): Uint8Array =>
  readFileSync(new URL(`../test/foreign/goldens/${name}`, import.meta.url));
const files = savedFiles(golden);
const outcomes = new Map<string, number>();
let [slowest, largest] = [0, 0];
const problems: string[] = [];

async function outcomeOf(bytes: Uint8Array): Promise<string> {
  try {
    const file = await openTorch(bytesSource(bytes, 'damaged.pth'));
    await file.readAll();
    return 'opened';
  } catch (error) {
    if (error instanceof Error && error.name === 'WeightsError') return 'refused';
    return `threw ${String(error)}`;
  }
}

// What a file could reach if anything of it were run.
const guarded = ['eval', 'Function', 'require'] as const;
for (const name of guarded) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    value: () => problems.push(`${name} was called`),
  });
}

for (let seed = first; seed < first + count; seed++) {
  const start = performance.now();
  const outcome = await outcomeOf(mutate(files, seed));
  const took = performance.now() - start;
  slowest = Math.max(slowest, took);
  largest = Math.max(largest, process.memoryUsage.rss());
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  if (outcome.startsWith('threw')) problems.push(`seed ${seed} ${outcome}`);
}
if (largest > MOST_BYTES) problems.push(`memory rose to ${largest} bytes`);

console.log(`${count} files:`, Object.fromEntries(outcomes));
console.log(
  `slowest ${slowest.toFixed(0)} ms, memory at most ${(largest / 2 ** 20).toFixed(0)} MiB`,
);
if (slowest > 10 * SLOWEST_MS) problems.push(`one took ${slowest.toFixed(0)} ms`);
for (const problem of problems.slice(0, 20)) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
