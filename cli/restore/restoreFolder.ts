import { access, constants, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  makeFolder,
  planPhotoTree,
  replaceFile,
  restoreTree,
  type FileRestorer,
  type PhotoJob,
  type PhotoOutcome,
  type RestoreTreeOptions,
} from '../../src/restoring-node.js';
import { Interrupted, SomeFailed, UsageError } from '../terminal/failures.js';
import { openModel } from '../terminal/model.js';
import { createFolderProgress } from './folderProgress.js';
import { askedFormat, fileOptions, type RestoreFlags } from './restoreFlags.js';

/** `nanosd restore FOLDER -o FOLDER`. */
export async function restoreFolder(
  inputs: readonly string[],
  flags: RestoreFlags,
  signal: AbortSignal,
): Promise<void> {
  const { output = '.', recursive, jobs, overwrite } = flags;
  const options = fileOptions(flags);
  const format = askedFormat(flags);
  const photos = await planPhotoTree(inputs, output, { recursive, ...(format && { format }) });
  await using restorer = await openModel(flags);
  await prepareOutput(output, reportPath(flags));
  const run = { restorer, flags, photos, started: new Date(), outcomes: [] as PhotoOutcome[] };
  try {
    await restoreAll(run, { ...options, ...{ jobs, overwrite, signal } });
  } finally {
    await writeReport(run, signal.aborted);
  }
  print(run);
  const failed = run.outcomes.filter(({ status }) => status === 'failed').length;
  if (failed > 0) throw new SomeFailed(failed, photos.length);
}

/** What a run writes at its end can be written, which is better known at its beginning. */
async function prepareOutput(output: string, report: string): Promise<void> {
  await makeFolder(output).catch((error: unknown) => {
    throw new UsageError(`${output}: expected a folder to write to`, { cause: error });
  });
  const present = await stat(report).catch(() => undefined);
  if (present?.isDirectory()) throw new UsageError(`${report}: expected a file, got a folder`);
  const folder = dirname(report);
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw new UsageError(`${report}: expected a folder ${folder} that can be written to`, {
      cause: error,
    });
  });
}

interface Run {
  readonly restorer: FileRestorer;
  readonly flags: RestoreFlags;
  readonly photos: readonly PhotoJob[];
  readonly started: Date;
  readonly outcomes: PhotoOutcome[];
}

async function restoreAll(
  { restorer, photos, outcomes }: Run,
  options: RestoreTreeOptions,
): Promise<void> {
  const progress = createFolderProgress(photos);
  try {
    await restoreTree(restorer, photos, {
      ...options,
      onProgress: (job, { done, total }) => progress.update(job, done / total),
      onOutcome: (outcome) => {
        outcomes.push(outcome);
        progress.finish(outcome);
        if (outcome.status !== 'failed') return;
        progress.clear();
        process.stderr.write(`nanosd: ${outcome.input}: ${outcome.reason}\n`);
      },
    });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const rest = photos.length - outcomes.length;
    const left = `${rest} of ${photos.length} photos are left; the same command goes on`;
    throw new Interrupted(error.exitCode, `interrupted; ${left}`);
  } finally {
    progress.clear();
  }
}

const counts = (outcomes: readonly PhotoOutcome[]) => {
  const count = (status: PhotoOutcome['status']) =>
    outcomes.filter((outcome) => outcome.status === status).length;
  return { restored: count('restored'), skipped: count('skipped'), failed: count('failed') };
};

function reportOf({ restorer, flags, photos, started, outcomes }: Run, interrupted: boolean) {
  const fidelity = flags.fidelity ?? restorer.fidelity;
  const files = outcomes.toSorted((a, b) => (a.input < b.input ? -1 : 1));
  return {
    ...{ model: restorer.model.name, task: restorer.model.task, device: restorer.device },
    ...(fidelity !== undefined && { fidelity }),
    options: fileOptions(flags),
    started: started.toISOString(),
    seconds: Math.round((Date.now() - started.getTime()) / 100) / 10,
    ...{ interrupted, photos: photos.length, ...counts(outcomes) },
    files: files.map(({ size, problem: _problem, ...file }) => ({ ...file, bytes: size })),
  };
}

async function writeReport(run: Run, interrupted: boolean): Promise<void> {
  const path = reportPath(run.flags);
  const text = `${JSON.stringify(reportOf(run, interrupted), null, 2)}\n`;
  await replaceFile(path, [Buffer.from(text)]);
}

function reportPath({ report, output = '.' }: RestoreFlags): string {
  return report ?? join(output, 'nanosd-report.json');
}

function print(run: Run): void {
  if (run.flags.json) {
    process.stdout.write(`${JSON.stringify(reportOf(run, false))}\n`);
    return;
  }
  const { restored, skipped, failed } = counts(run.outcomes);
  const parts = [`${restored} restored`, `${skipped} done before`, `${failed} failed`];
  process.stdout.write(`${parts.join(', ')}; report: ${reportPath(run.flags)}\n`);
}
