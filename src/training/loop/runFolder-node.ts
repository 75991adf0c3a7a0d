import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a run keeps its things. */
export interface RunFolder {
  readonly path: string;
  /** `step-N/`: all that a run needs to go on. */
  readonly checkpoints: string;
  /** A line of JSON an update and a validation. */
  readonly metrics: string;
  /** The averaged weights that scored highest. */
  readonly best: string;
  /** `step-N/`: pictures to look at. */
  readonly validation: string;
}

export function runFolder(outputDir: string): RunFolder {
  return {
    path: outputDir,
    checkpoints: join(outputDir, 'checkpoints'),
    metrics: join(outputDir, 'metrics.jsonl'),
    best: join(outputDir, 'best'),
    validation: join(outputDir, 'validation'),
  };
}

/** Removes what writing that was interrupted has left in a run's folders. */
export async function removePartials({ path, checkpoints, best }: RunFolder): Promise<void> {
  // The output folder itself may hold files of others.
  await removeNames(path, /^(metrics\.jsonl|run\.lock)\..*\.partial$/);
  await removeNames(checkpoints, /\.partial$/);
  await removeNames(best, /\.partial$/);
}

async function removeNames(folder: string, pattern: RegExp): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names.filter((name) => pattern.test(name))) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
