import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeStep } from '../../src/index.js';
import {
  contactSheet,
  degradePhotos,
  hasPair,
  listPhotos,
  makeFolder,
  replaceFile,
  wrapWords,
  type DegradedPhoto,
  type SheetCell,
} from '../../src/node.js';
import { SomeFailed, UsageError } from '../terminal/failures.js';
import { createProgressLine } from '../terminal/progress.js';
import { readDegradation } from './degradation.js';
import { openOutput, recordName, type PairRecord, type PairSettings } from './outputFolder.js';

export interface DegradeFlags {
  readonly output: string;
  readonly degradation: string;
  readonly scale?: number;
  readonly strength?: number;
  readonly seed: number;
  readonly number: number;
  readonly sheet?: string;
  readonly json: boolean;
}

/** Pairs on a sheet. */
const SHEET_CELLS = 24;

interface Run {
  readonly settings: PairSettings;
  readonly pairs: PairRecord['pairs'];
  readonly cells: SheetCell[];
  failed: number;
}

/** `nanosd degrade PHOTO|DIR -o DIR`. */
export async function degrade(
  inputs: readonly string[],
  flags: DegradeFlags,
  signal: AbortSignal,
): Promise<void> {
  const { output, seed, number } = flags;
  const asked = await readDegradation(flags.degradation, flags.scale, flags.strength);
  const settings: PairSettings = { ...asked, seed, number };
  const record = await openOutput(output, inputs, settings);
  const photos = await photosOf(inputs);
  const kept = await donePairs(record, output, flags.sheet !== undefined);
  const run: Run = { settings, pairs: [...kept], cells: [], failed: 0 };
  await makeFolder(output);
  try {
    await degradeAll(photos, run, flags, { ...asked, seed, number, signal });
  } finally {
    await writeRecord(output, run, signal.aborted);
  }
  if (flags.sheet !== undefined && run.cells.length > 0) {
    const title = `${flags.degradation}, scale ${asked.scale}, seed ${seed}: degraded and good`;
    await replaceFile(flags.sheet, [await contactSheet(title, run.cells)]);
  }
  print(run, flags);
  if (run.failed > 0) throw new SomeFailed(run.failed, photos.length * number, 'degraded');
}

/** Single photographs as they are named, and those of folders. */
async function photosOf(inputs: readonly string[]): Promise<string[]> {
  const lists = inputs.map(async (input) =>
    (await stat(input)).isDirectory() ? listPhotos([input]) : [input],
  );
  return (await Promise.all(lists)).flat();
}

/** Pairs that an earlier run made; a sheet needs them again. */
async function donePairs(
  record: PairRecord | null,
  output: string,
  again: boolean,
): Promise<PairRecord['pairs']> {
  if (!record || again) return [];
  const present = await Promise.all(record.pairs.map(({ name }) => hasPair(output, name)));
  return record.pairs.filter((_, i) => present[i]);
}

async function degradeAll(
  photos: readonly string[],
  run: Run,
  flags: DegradeFlags,
  options: Omit<Parameters<typeof degradePhotos>[2], 'done'>,
): Promise<void> {
  const total = photos.length * flags.number;
  const progress = createProgressLine();
  const done = new Set(run.pairs.map(({ name }) => name));
  try {
    progress.update(done.size, total, '');
    for await (const made of degradePhotos(photos, flags.output, { ...options, done })) {
      if ('reason' in made) {
        run.failed++;
        progress.clear();
        process.stderr.write(`nanosd: ${made.reason}\n`);
      } else {
        const { pair, ...recorded } = made;
        run.pairs.push(recorded);
        if (run.cells.length < SHEET_CELLS) run.cells.push(cellOf(made));
      }
      progress.update(run.pairs.length + run.failed, total, made.name);
    }
  } finally {
    progress.clear();
  }
}

function cellOf({ name, steps, pair }: DegradedPhoto): SheetCell {
  return { ...pair, lines: wrapWords([`${name}:`, ...steps.map(describeStep)], 86) };
}

async function writeRecord(output: string, run: Run, interrupted: boolean): Promise<void> {
  const { settings, pairs } = run;
  const text = `${JSON.stringify({ settings, interrupted, pairs }, null, 1)}\n`;
  await replaceFile(join(output, recordName), [Buffer.from(text)]);
}

function print({ settings, pairs, failed }: Run, flags: DegradeFlags): void {
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ settings, pairs, failed }, null, 1)}\n`);
    return;
  }
  const where = `${join(flags.output, 'HR')} and ${join(flags.output, 'LQ')}`;
  process.stdout.write(`${pairs.length} pairs in ${where}; what was drawn: ${recordName}\n`);
  if (flags.sheet !== undefined) process.stdout.write(`${flags.sheet}\n`);
}
