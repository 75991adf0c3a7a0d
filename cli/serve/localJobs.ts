import { randomUUID } from 'node:crypto';
import type { RestoredStream } from '../../src/node.js';
import { ApiError, toApiError } from './apiError.js';
import type { Assignment } from './assignment.js';
import type { Jobs, JobStatus, JobView, OpenResult, ResultInfo } from './jobs.js';
import { restoreTask, resultInfo, type RestoreContext } from './restoreTask.js';
import type { Errand } from './workbench.js';

export interface KeepLimits {
  /** Seconds that finished jobs are remembered. */
  readonly seconds: number;
  /** Bytes of results on disk; the oldest go first. */
  readonly bytes: number;
  /** Finished jobs; the oldest go first. */
  readonly count: number;
}

interface Job {
  readonly id: string;
  readonly created: number;
  errand?: Errand<RestoredStream>;
  started?: number;
  finished?: number;
  progress?: { readonly done: number; readonly total: number };
  result?: { readonly info: ResultInfo; readonly file: RestoredStream };
  error?: ApiError;
  /** Downloads that are going on. */
  readers: number;
  isForgotten: boolean;
}

/** Jobs of this process alone: they end with it. */
export function createLocalJobs(context: RestoreContext, keep: KeepLimits): Jobs {
  // In the order in which they came.
  const jobs = new Map<string, Job>();
  const sweeper = setInterval(() => forgetOld(jobs, keep), 1000).unref();

  return {
    submit(assignment) {
      const job = begin(context, assignment, () => forgetOld(jobs, keep));
      jobs.set(job.id, job);
      return Promise.resolve(viewOf(job, keep));
    },
    find(id) {
      const job = jobs.get(id);
      return Promise.resolve(job && viewOf(job, keep));
    },
    openResult: (id) => Promise.resolve(openResult(jobs.get(id))),
    async remove(id) {
      const job = jobs.get(id);
      if (!job) return false;
      await forget(jobs, job);
      return true;
    },
    counts() {
      const counts = new Map<JobStatus, number>();
      for (const job of jobs.values()) {
        const status = statusOf(job);
        counts.set(status, (counts.get(status) ?? 0) + 1);
      }
      return Promise.resolve(counts);
    },
    pause() {
      // The workbench takes nothing more, and nobody else would.
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper);
      for (const job of [...jobs.values()]) {
        job.readers = 0;
        await forget(jobs, job);
      }
    },
  };
}

function begin(context: RestoreContext, assignment: Assignment, onEnd: () => void): Job {
  // Not from a seed: who knows the name of a job may fetch its result.
  const job: Job = { id: randomUUID(), created: Date.now(), readers: 0, isForgotten: false };
  const task = restoreTask(context, assignment, {
    onStart: () => (job.started = Date.now()),
    onProgress: (progress) => (job.progress = progress),
  });
  job.errand = context.bench.submit(task);
  void job.errand.ended
    .then(
      async (file) => {
        if (job.isForgotten) await file[Symbol.asyncDispose]();
        else job.result = { info: resultInfo(assignment, file), file };
      },
      (error: unknown) => {
        job.error = toApiError(error);
        if (job.error.status === 500) context.onFault(error);
      },
    )
    .catch(context.onFault)
    .finally(() => {
      job.finished = Date.now();
      // It holds the photo.
      delete job.errand;
      assignment.release();
      onEnd();
    });
  return job;
}

function statusOf(job: Job): JobStatus {
  if (job.error) return 'failed';
  if (job.result) return 'done';
  return job.started === undefined ? 'waiting' : 'running';
}

function viewOf(job: Job, keep: KeepLimits): JobView {
  const ahead = job.errand?.ahead();
  const { id, created, started, finished, progress, result, error } = job;
  return {
    id,
    status: statusOf(job),
    created: isoTime(created),
    ...(started !== undefined && { started: isoTime(started) }),
    ...(finished !== undefined && {
      finished: isoTime(finished),
      expires: isoTime(finished + keep.seconds * 1000),
    }),
    ...(ahead !== undefined && finished === undefined && { ahead }),
    ...(progress && { progress }),
    ...(result && { result: result.info }),
    ...(error && { error: { code: error.code, message: error.message } }),
  };
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

function openResult(job: Job | undefined): OpenResult | undefined {
  if (!job?.result) return undefined;
  const { info, file } = job.result;
  job.readers++;
  return {
    info,
    stream: () => file.stream(),
    async [Symbol.asyncDispose]() {
      job.readers--;
      if (job.isForgotten && job.readers === 0) await file[Symbol.asyncDispose]();
    },
  };
}

async function forget(jobs: Map<string, Job>, job: Job): Promise<void> {
  jobs.delete(job.id);
  job.isForgotten = true;
  job.errand?.cancel(new ApiError(410, 'cancelled', 'the job was cancelled'));
  // Else the last of those who read it removes it.
  if (job.readers === 0) await job.result?.file[Symbol.asyncDispose]();
}

/** Finished jobs go when their time is over, or when there are too many, or their results too large. */
function forgetOld(jobs: Map<string, Job>, keep: KeepLimits): void {
  const finished = [...jobs.values()].filter((job) => job.finished !== undefined);
  const oldest = finished.sort((a, b) => (a.finished ?? 0) - (b.finished ?? 0));
  let bytes = oldest.reduce((sum, { result }) => sum + (result?.info.bytes ?? 0), 0);
  let count = oldest.length;
  const tooOld = Date.now() - keep.seconds * 1000;
  for (const job of oldest) {
    if ((job.finished ?? 0) > tooOld && bytes <= keep.bytes && count <= keep.count) break;
    bytes -= job.result?.info.bytes ?? 0;
    count--;
    void forget(jobs, job).catch(() => undefined);
  }
}
