import { open, readFile } from 'node:fs/promises';
import { describeSystemError } from '../../weights/file-node.js';
import { replaceFile } from '../../weights/replace-file-node.js';
import type { StepMetrics } from './loop.js';
import type { ValidationReport } from '../validation/validation.js';

/** A line of `metrics.jsonl`: an update, or how good the averaged weights are after it. */
export type MetricsEntry = StepMetrics | ValidationReport;

export interface MetricsLog extends AsyncDisposable {
  append(entry: MetricsEntry): Promise<void>;
  /** Waits until all lines are on disk: a checkpoint must not know of steps that the log may lose. */
  sync(): Promise<void>;
}

/**
 * Opens the log of a run that goes on after `step`; lines of later steps, which an interrupted run has
 * left, are dropped, for they will be written again.
 * @throws WeightsError when the system refuses.
 */
export async function openMetricsLog(path: string, step: number): Promise<MetricsLog> {
  const attempt = <T>(task: Promise<T>): Promise<T> =>
    task.catch((error: unknown) => {
      throw describeSystemError(path, error);
    });
  if (step > 0) await dropLaterLines(path, step);
  const file = await attempt(open(path, step > 0 ? 'a' : 'w'));
  return {
    append: (entry) => attempt(file.appendFile(`${JSON.stringify(entry)}\n`)),
    sync: () => attempt(file.sync()),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function dropLaterLines(path: string, step: number): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = text.split('\n');
  const kept = lines.filter((line) => (parseEntry(line)?.step ?? Infinity) <= step);
  // A text that ends in a newline splits into its lines and an empty one.
  if (kept.length + 1 === lines.length && lines.at(-1) === '') return;
  await replaceFile(path, [new TextEncoder().encode(kept.map((line) => `${line}\n`).join(''))]);
}

/** The lines of a log; half-written ones are left out. */
export async function readMetricsLog(path: string): Promise<MetricsEntry[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => parseEntry(line) ?? []);
}

function parseEntry(line: string): MetricsEntry | undefined {
  try {
    const entry = JSON.parse(line) as MetricsEntry | null;
    return typeof entry?.step === 'number' ? entry : undefined;
  } catch {
    return undefined;
  }
}
