import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { removeStaleWorkFolders } from '../image/workFolder-node.js';
import { availableMemory } from '../runtime/availableMemory-node.js';
import { MemoryError } from '../runtime/memory.js';
import { makeFolder } from '../weights/makeFolder-node.js';
import type { RestoreProgress } from './createRestorer.js';
import type { FileRestorer } from './openRestorer-node.js';
import type { PhotoJob } from './photoTree-node.js';
import type { RestoreFileOptions } from './photoPlan-node.js';
import type { RestoredFile } from './restorePhoto-node.js';

/** What became of one photo. */
export type PhotoOutcome =
  | ({ readonly status: 'restored' } & PhotoJob & RestoredFile)
  /** It had been restored before. */
  | ({ readonly status: 'skipped' } & PhotoJob)
  | ({ readonly status: 'failed'; readonly reason: string } & PhotoJob);

export interface RestoreTreeOptions extends Omit<RestoreFileOptions, 'onProgress'> {
  /** Bytes that may be used by all photos in work together; by default what the machine, or the container, has left. */
  readonly maxMemory?: number;
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
 * is skipped: an interrupted run goes on where it was. Photos in work share the memory; what needs more than its
 * share is done in the end, alone.
 * @throws the signal's reason when aborted, once the photos in work have been abandoned.
 */
export async function restoreTree(
  restorer: FileRestorer,
  photos: readonly PhotoJob[],
  options: RestoreTreeOptions = {},
): Promise<PhotoOutcome[]> {
  const { jobs = 1, signal } = options;
  await prepareFolders(photos);
  const outcomes: PhotoOutcome[] = [];
  const tell = (i: number, outcome: PhotoOutcome): void => {
    outcomes[i] = outcome;
    options.onOutcome?.(outcome);
  };
  const sharing = jobs > 1 ? withShare(options, jobs) : options;
  const large: number[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < photos.length) {
      signal?.throwIfAborted();
      const i = next++;
      const { outcome, lacksMemory } = await restoreOne(restorer, photos[i], sharing);
      if (lacksMemory && jobs > 1) large.push(i);
      else tell(i, outcome);
    }
  };
  const workers = Array.from({ length: Math.min(jobs, photos.length) }, work);
  const ended = await Promise.allSettled(workers);
  for (const worker of ended) if (worker.status === 'rejected') throw worker.reason;
  for (const i of large) {
    signal?.throwIfAborted();
    tell(i, (await restoreOne(restorer, photos[i], options)).outcome);
  }
  return outcomes;
}

function withShare(options: RestoreTreeOptions, jobs: number): RestoreTreeOptions {
  const { maxMemory = availableMemory() } = options;
  return { ...options, maxMemory: maxMemory / jobs };
}

/** Makes the folders of the results, and removes what killed runs have left in them. */
async function prepareFolders(photos: readonly PhotoJob[]): Promise<void> {
  for (const folder of new Set(photos.map(({ output }) => dirname(output)))) {
    // One that cannot be made fails its own photos, and no others.
    await makeFolder(folder).catch(() => undefined);
    await removeStaleWorkFolders(folder);
  }
}

interface Attempt {
  readonly outcome: PhotoOutcome;
  readonly lacksMemory: boolean;
}

async function restoreOne(
  restorer: FileRestorer,
  job: PhotoJob,
  { overwrite = false, onProgress, ...rest }: RestoreTreeOptions,
): Promise<Attempt> {
  const done = (outcome: PhotoOutcome): Attempt => ({ outcome, lacksMemory: false });
  if (job.problem !== undefined) return done({ status: 'failed', ...job, reason: job.problem });
  const present = overwrite ? undefined : await findResult(job);
  if (present === 'done') return done({ status: 'skipped', ...job });
  if (present === 'photo') {
    const reason = 'the result would replace the photo itself, which only overwrite allows';
    return done({ status: 'failed', ...job, reason });
  }
  try {
    const restored = await restorer.restoreFile(job.input, job.output, {
      ...fileOptions(rest),
      ...(onProgress && { onProgress: (progress) => onProgress(job, progress) }),
    });
    return done({ status: 'restored', ...job, ...restored });
  } catch (error) {
    rest.signal?.throwIfAborted();
    const outcome = { status: 'failed', ...job, reason: reasonOf(job, error) } as const;
    return { outcome, lacksMemory: error instanceof MemoryError };
  }
}

function fileOptions({
  jobs: _jobs,
  onOutcome: _onOutcome,
  ...rest
}: Omit<RestoreTreeOptions, 'onProgress'>): RestoreFileOptions {
  return rest;
}

/** What lies where the result of a photo goes: a result that is newer, or the photo itself. */
async function findResult({ input, output }: PhotoJob): Promise<'done' | 'photo' | undefined> {
  const [photo, result] = await Promise.all(
    [input, output].map((path) => stat(path).catch(() => undefined)),
  );
  if (!photo || !result) return undefined;
  if (photo.ino === result.ino && photo.dev === result.dev) return 'photo';
  return result.mtimeMs >= photo.mtimeMs ? 'done' : undefined;
}

/** The message without the photo's name, which stands beside it. */
function reasonOf({ input }: PhotoJob, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [line] = message.split('\n');
  return line.startsWith(`${input}: `) ? line.slice(input.length + 2) : line;
}
