import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { removeStaleWorkFolders } from '../image/workFolder-node.js';
import { describeSystemError } from '../weights/file-node.js';
import type { RestoreProgress } from './createRestorer.js';
import type { FileRestorer } from './openRestorer-node.js';
import type { PhotoJob } from './photoTree-node.js';
import type { RestoredFile, RestoreFileOptions } from './restorePhoto-node.js';

/** What became of one photo. */
export type PhotoOutcome =
  | ({ readonly status: 'restored' } & PhotoJob & RestoredFile)
  /** It had been restored before. */
  | ({ readonly status: 'skipped' } & PhotoJob)
  | ({ readonly status: 'failed'; readonly reason: string } & PhotoJob);

export interface RestoreTreeOptions extends Omit<RestoreFileOptions, 'onProgress'> {
  /** Photos in work at a time: while one is computed, others are decoded and encoded. 1 unless given. */
  readonly jobs?: number;
  /** Whether photos are restored again that have been before. */
  readonly overwrite?: boolean;
  readonly onProgress?: (job: PhotoJob, progress: RestoreProgress) => void;
  readonly onOutcome?: (outcome: PhotoOutcome) => void;
}

/**
 * Restores photos one after the other, or a few at a time. One that cannot be restored stops none of the others.
 * A result is complete as soon as it has its name, so what has been restored, and is not older than its photo,
 * is skipped: an interrupted run goes on where it was.
 * @throws WeightsError when a folder of results cannot be made; the signal's reason when aborted, once the photos in work have been
 * abandoned.
 */
export async function restoreTree(
  restorer: FileRestorer,
  photos: readonly PhotoJob[],
  options: RestoreTreeOptions = {},
): Promise<PhotoOutcome[]> {
  const { jobs = 1, onOutcome } = options;
  await prepareFolders(photos);
  const outcomes: PhotoOutcome[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < photos.length) {
      options.signal?.throwIfAborted();
      const i = next++;
      outcomes[i] = await restoreOne(restorer, photos[i], options);
      onOutcome?.(outcomes[i]);
    }
  };
  const workers = Array.from({ length: Math.min(jobs, photos.length) }, work);
  const ended = await Promise.allSettled(workers);
  for (const worker of ended) if (worker.status === 'rejected') throw worker.reason;
  return outcomes;
}

/** Makes the folders of the results, and removes what killed runs have left in them. */
async function prepareFolders(photos: readonly PhotoJob[]): Promise<void> {
  for (const folder of new Set(photos.map(({ output }) => dirname(output)))) {
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw describeSystemError(folder, error);
    });
    await removeStaleWorkFolders(folder);
  }
}

async function restoreOne(
  restorer: FileRestorer,
  job: PhotoJob,
  { overwrite = false, onProgress, ...rest }: RestoreTreeOptions,
): Promise<PhotoOutcome> {
  if (!overwrite && (await isDone(job))) return { status: 'skipped', ...job };
  try {
    const restored = await restorer.restoreFile(job.input, job.output, {
      ...fileOptions(rest),
      ...(onProgress && { onProgress: (progress) => onProgress(job, progress) }),
    });
    return { status: 'restored', ...job, ...restored };
  } catch (error) {
    rest.signal?.throwIfAborted();
    return { status: 'failed', ...job, reason: reasonOf(job, error) };
  }
}

function fileOptions({
  jobs: _jobs,
  onOutcome: _onOutcome,
  ...rest
}: Omit<RestoreTreeOptions, 'onProgress'>): RestoreFileOptions {
  return rest;
}

async function isDone({ input, output }: PhotoJob): Promise<boolean> {
  const [photo, result] = await Promise.all(
    [input, output].map((path) => stat(path).catch(() => undefined)),
  );
  return result !== undefined && photo !== undefined && result.mtimeMs >= photo.mtimeMs;
}

/** The message without the photo's name, which stands beside it. */
function reasonOf({ input }: PhotoJob, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [line] = message.split('\n');
  return line.startsWith(`${input}: `) ? line.slice(input.length + 2) : line;
}
