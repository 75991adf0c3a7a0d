import type { Job, Worker } from 'bullmq';
import { ApiError, stopping, toApiError } from './apiError.js';
import { inspect, type PhotoLimits } from './assignment.js';
import type { ResultInfo } from './jobs.js';
import type { Order } from './order.js';
import { redisPrefix, type RedisStore } from './redisStore.js';
import { restoreTask, resultInfo, type RestoreContext } from './restoreTask.js';
import type { Shelf } from './shelf.js';
import type { Errand } from './workbench.js';

/** What a queue holds of a job; its photo lies beside it. */
export interface JobData {
  readonly order: Order;
}

export type RedisJob = Job<JobData, ResultInfo>;

export interface WorkerContext {
  readonly restore: RestoreContext;
  readonly store: RedisStore;
  readonly shelf: Shelf;
  readonly limits: PhotoLimits;
  readonly keepSeconds: number;
  readonly concurrency: number;
}

/** What Redis holds in one value is at most 512 MB. */
const MAX_RESULT = 256e6;
const PROGRESS_MS = 250;

/** Takes jobs of a queue, one by one, wherever they came in. */
export async function startWorker(name: string, context: WorkerContext): Promise<Worker> {
  const { Worker, WaitingError } = await import('bullmq');
  const { store, restore, concurrency } = context;
  const inWork = new Map<string, Errand<AsyncDisposable>>();
  const process = async (job: RedisJob, token?: string): Promise<ResultInfo> => {
    try {
      return await work(job, context, inWork);
    } catch (error) {
      const said = toApiError(error);
      if (said.code === stopping().code) {
        // Another server does it.
        await job.moveToWait(token);
        throw new WaitingError();
      }
      if (said.status === 500) restore.onFault(error);
      throw new Error(JSON.stringify({ code: said.code, message: said.message }), { cause: error });
    }
  };
  await store.onCancel((id) => inWork.get(id)?.cancel(cancelled()));
  const connection = store.connectPatiently();
  const worker = new Worker(name, process, { connection, prefix: redisPrefix, concurrency });
  // The store tells of trouble with the connection.
  worker.on('error', () => undefined);
  return worker;
}

async function work(
  job: RedisJob,
  { restore, store, shelf, limits, keepSeconds }: WorkerContext,
  inWork: Map<string, Errand<AsyncDisposable>>,
): Promise<ResultInfo> {
  const { id = '' } = job;
  if (await store.isCancelled(id)) throw cancelled();
  const photo = await store.takePhoto(id);
  if (!photo) throw new ApiError(410, 'expired', 'the photo waited for too long');
  const { order } = job.data;
  const inspected = await inspect(photo, order, shelf.choose(order), limits);
  const assignment = { ...inspected, release: () => undefined };
  const onProgress = seldom((progress: object) => job.updateProgress(progress));
  const errand = restore.bench.accept(restoreTask(restore, assignment, { onProgress }));
  inWork.set(id, errand);
  try {
    await using file = await errand.ended;
    const info = resultInfo(assignment, file);
    if (info.bytes > MAX_RESULT) {
      const message = `expected a result of at most ${MAX_RESULT} bytes, got ${info.bytes}`;
      throw new ApiError(413, 'too_many_bytes', `${message}; use /v1/restore`);
    }
    const parts: Uint8Array[] = [];
    for await (const part of file.stream()) parts.push(part as Uint8Array);
    await store.putResult(id, Buffer.concat(parts), keepSeconds);
    return info;
  } finally {
    inWork.delete(id);
  }
}

function cancelled(): ApiError {
  return new ApiError(410, 'cancelled', 'the job was cancelled');
}

/** Progress is news to people, who read no faster. */
function seldom(report: (progress: object) => Promise<unknown>) {
  let last = -Infinity;
  return (progress: object): void => {
    if (performance.now() - last < PROGRESS_MS) return;
    last = performance.now();
    report(progress).catch(() => undefined);
  };
}
