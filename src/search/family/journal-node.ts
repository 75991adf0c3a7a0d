import { open, readFile, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError } from '../../models/index.js';
import { changedKeys, type RunIdentity } from '../../training/index.js';
import { describeSystemError } from '../../weights/file-node.js';
import { replaceFile } from '../../weights/replace-file-node.js';
import type { Measurement, SearchLog } from '../algorithms/runSearch.js';
import type { Trial } from '../algorithms/searchProblem.js';
import { pointKey, type Point } from '../space/space.js';

/** A measurement that a journal holds. */
export interface JournalEntry extends Measurement {
  readonly point: Point;
}

/** A journal that is open for more. */
export interface SearchJournal extends SearchLog, AsyncDisposable {
  /** In the order of their suggestion: where to go on. */
  readonly trials: readonly Trial[];
  /** In the order in which they were measured. */
  readonly entries: readonly JournalEntry[];
}

const version = 1;

const headerSchema = z.strictObject({
  nanosd_search: z.literal(version),
  identity: z.record(z.string(), z.unknown()),
});
const pointSchema = z.array(z.number());
const lineSchema = z.union([
  z.strictObject({ suggested: z.array(pointSchema) }),
  z.strictObject({
    point: pointSchema,
    objectives: z.tuple([z.number(), z.number()]),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
]);

/**
 * Opens the journal of a search, or begins it: JSON lines, each on disk before anything else happens. The first
 * holds the run's identity (space, objectives, strategy, seed, what is measured); then come, as they happen,
 * `{"suggested": [points]}` and `{"point", "objectives", "details"}`. A last line that a crash has cut
 * off is dropped.
 * @throws ConfigError for the journal of another run, naming what differs, or a damaged one, naming the line;
 * WeightsError when the system refuses. The file is then as it was.
 */
export async function openJournal(path: string, identity: RunIdentity): Promise<SearchJournal> {
  const attempt = <T>(task: Promise<T>): Promise<T> =>
    task.catch((error: unknown) => {
      throw describeSystemError(path, error);
    });
  const header = `${JSON.stringify({ nanosd_search: version, identity })}\n`;
  const found = await attempt(readIfPresent(path));
  const whole = found.slice(0, found.lastIndexOf('\n') + 1);
  const isNew = whole === '' && header.startsWith(found);
  const content = isNew ? emptyContent() : parseJournal(path, whole || found, identity);
  if (isNew || whole.length < found.length) {
    await replaceFile(path, [new TextEncoder().encode(isNew ? header : whole)]);
  }
  const file = await attempt(open(path, 'a'));
  const append = (line: object): Promise<void> => attempt(appendDurably(file, line));
  return {
    ...content,
    suggest: (points) => append({ suggested: points }),
    record: (point, measurement) => append({ point, ...measurement }),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/**
 * Reads a journal without opening it for more, and without asking whose it is.
 * @throws ConfigError for a damaged one; WeightsError when there is none.
 */
export async function readJournal(path: string): Promise<readonly JournalEntry[]> {
  const found = await readFile(path, 'utf8').catch((error: unknown) => {
    throw describeSystemError(path, error);
  });
  return parseJournal(path, found.slice(0, found.lastIndexOf('\n') + 1)).entries;
}

interface Content {
  readonly trials: readonly Trial[];
  readonly entries: readonly JournalEntry[];
}

function emptyContent(): Content {
  return { trials: [], entries: [] };
}

function parseJournal(path: string, text: string, identity?: RunIdentity): Content {
  const [first, ...rest] = text.replace(/\n$/, '').split('\n');
  const header = headerSchema.safeParse(parseJson(first));
  if (!header.success) {
    throw new ConfigError(`${path}: expected the journal of a search, got "${start(first)}"`);
  }
  if (identity) requireSameRun(path, header.data.identity, identity);
  const trials = new Map<string, Trial>();
  const entries: JournalEntry[] = [];
  for (const [i, line] of rest.entries()) {
    const damaged = (expected: string): ConfigError =>
      new ConfigError(`${path}: line ${i + 2}: expected ${expected}, got "${start(line)}"`);
    const parsed = lineSchema.safeParse(parseJson(line));
    if (!parsed.success) throw damaged('a suggestion or a measurement');
    if ('suggested' in parsed.data) {
      for (const point of parsed.data.suggested) trials.set(pointKey(point), { point });
      continue;
    }
    const { point, objectives } = parsed.data;
    const key = pointKey(point);
    if (trials.get(key)?.objectives !== undefined || !trials.has(key)) {
      throw damaged('the first measurement of a point that was suggested');
    }
    trials.set(key, { point, objectives });
    entries.push(parsed.data);
  }
  return { trials: [...trials.values()], entries };
}

function requireSameRun(path: string, begun: RunIdentity, now: RunIdentity): void {
  // Through JSON, as the journal's own has been: -0 and undefined do not survive it.
  const same = JSON.parse(JSON.stringify(now)) as RunIdentity;
  const changed = changedKeys(begun, same);
  if (changed.length === 0) return;
  throw new ConfigError(
    [
      `${path}: expected the journal of this run; go on with what it was begun with, or give another path:`,
      ...changed,
    ].join('\n'),
  );
}

async function readIfPresent(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
}

async function appendDurably(file: FileHandle, line: object): Promise<void> {
  await file.appendFile(`${JSON.stringify(line)}\n`);
  await file.sync();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function start(line: string): string {
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
