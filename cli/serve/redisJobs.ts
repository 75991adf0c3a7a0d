import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import { busy } from './apiError.js';
import type { Jobs, JobStatus, JobView } from './jobs.js';
import { reach, redisPrefix, type RedisStore } from './redisStore.js';
import { startWorker, type JobData, type RedisJob, type WorkerContext } from './redisWorker.js';

export interface RedisJobsOptions extends WorkerContext {
  /** Jobs of a model that wait, over all servers. */
  readonly queueLimit: number;
}

type JobQueue = Queue<RedisJob>;

/** A guess, for who finds the queue full. */
const RETRY_SECONDS = 10;
const CLOSE_MS = 3000;

/** Jobs in a queue of BullMQ, which all servers with the same Redis and the same model work on. */
export async function createRedisJobs(options: RedisJobsOptions): Promise<Jobs> {
  const { Queue } = await import('bullmq');
  const { store, shelf, queueLimit } = options;
  const names = [...new Set(shelf.restorers.map(({ model }) => model.name))];
  const queues = new Map<string, JobQueue>();
  for (const name of names) {
    const connection = store.client;
    const queue: JobQueue = new Queue(queueName(name), { connection, prefix: redisPrefix });
    queue.on('error', () => undefined);
    queues.set(name, queue);
  }
  const workers = await Promise.all(names.map((name) => startWorker(queueName(name), options)));
  const all = [...queues.values()];
  return {
    submit: (assignment) =>
      reach(async () => {
        const { model } = assignment.restorer;
        const queue = queues.get(model.name);
        if (!queue) throw new Error(`expected a queue for ${model.name}`);
        const waiting = await queue.getWaitingCount();
        if (waiting >= queueLimit) {
          throw busy(RETRY_SECONDS, `expected fewer than ${waiting} jobs to wait`);
        }
        const { order, photo, format, release } = assignment;
        const data: JobData = { order: { ...order, format, model: model.name } };
        const job = await add(queue, store, { photo, data, keepSeconds: options.keepSeconds });
        release();
        return job;
      }),
    find: (id) => reach(() => find(all, store, id, options.keepSeconds)),
    openResult: (id) =>
      reach(async () => {
        const { result: info } = (await find(all, store, id, options.keepSeconds)) ?? {};
        if (!info || !(await store.hasResult(id))) return undefined;
        const nothing = () => Promise.resolve();
        const stream = () => store.readResult(id, info.bytes);
        return { info, stream, [Symbol.asyncDispose]: nothing };
      }),
    remove: (id) =>
      reach(async () => {
        if (!(await find(all, store, id, options.keepSeconds))) return false;
        await store.cancel(id);
        // One that is in work stays until whoever works on it has heard.
        const located = await locate(all, id);
        await located?.queue.remove(id).catch(() => undefined);
        return true;
      }),
    counts: () => countJobs(all),
    async pause() {
      await Promise.all(workers.map((worker) => worker.pause(true)));
    },
    async [Symbol.asyncDispose]() {
      // Without a Redis, they would wait for one.
      const closed = Promise.all([...workers, ...all].map((one) => one.close()));
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_MS))]);
    },
  };
}

/** BullMQ's names have no colons. */
function queueName(model: string): string {
  return `restore-${model.replaceAll(':', '-')}`;
}

async function add(
  queue: JobQueue,
  store: RedisStore,
  { photo, data, keepSeconds }: { photo: Uint8Array; data: JobData; keepSeconds: number },
): Promise<JobView> {
  // Not from a seed: who knows the name of a job may fetch its result.
  const id = randomUUID();
  await store.putPhoto(id, photo);
  const keep = { age: Math.ceil(keepSeconds) };
  await queue.add('restore', data, { jobId: id, removeOnComplete: keep, removeOnFail: keep });
  return { id, status: 'waiting', created: new Date().toISOString() };
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The queue of a job, and the state that it had before anything else is read of it. */
async function locate(queues: readonly JobQueue[], id: string) {
  if (!uuid.test(id)) return undefined;
  for (const queue of queues) {
    const state = await queue.getJobState(id);
    if (state !== 'unknown') return { queue, state };
  }
  return undefined;
}

const statuses: Readonly<Record<string, JobStatus>> = {
  active: 'running',
  completed: 'done',
  failed: 'failed',
};

async function find(
  queues: readonly JobQueue[],
  store: RedisStore,
  id: string,
  keepSeconds: number,
): Promise<JobView | undefined> {
  const located = await locate(queues, id);
  const job = await located?.queue.getJob(id);
  if (!located || !job || (await store.isCancelled(id))) return undefined;
  const status = statuses[located.state] ?? 'waiting';
  const { timestamp, processedOn, returnvalue } = job;
  const isOver = status === 'done' || status === 'failed';
  const finishedOn = isOver ? job.finishedOn : undefined;
  const expires = finishedOn === undefined ? Infinity : finishedOn + keepSeconds * 1000;
  if (expires < Date.now()) return undefined;
  const ahead = status === 'waiting' ? await countAhead(store, located.queue, id) : undefined;
  return {
    id,
    status,
    created: isoTime(timestamp),
    ...(processedOn !== undefined && { started: isoTime(processedOn) }),
    ...(finishedOn !== undefined && { finished: isoTime(finishedOn), expires: isoTime(expires) }),
    ...(ahead !== undefined && { ahead }),
    ...(isProgress(job.progress) && { progress: job.progress }),
    ...(status === 'done' && { result: returnvalue }),
    ...(status === 'failed' && { error: parseReason(job.failedReason) }),
  };
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

function isProgress(value: unknown): value is { done: number; total: number } {
  return typeof value === 'object' && value !== null && 'done' in value && 'total' in value;
}

/** Jobs wait in a list whose last is next. */
async function countAhead(
  store: RedisStore,
  queue: JobQueue,
  id: string,
): Promise<number | undefined> {
  const key = queue.toKey('wait');
  const at = await store.client.lpos(key, id);
  if (at === null) return undefined;
  return (await store.client.llen(key)) - 1 - at + (await queue.getActiveCount());
}

function parseReason(reason: string): { code: string; message: string } {
  try {
    const parsed: unknown = JSON.parse(reason);
    if (typeof parsed === 'object' && parsed && 'code' in parsed && 'message' in parsed) {
      return { code: String(parsed.code), message: String(parsed.message) };
    }
  } catch {
    // BullMQ's own words follow.
  }
  return { code: 'internal', message: 'the server that worked on it failed' };
}

async function countJobs(queues: readonly JobQueue[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const queue of queues) {
    for (const [state, count] of Object.entries(await queue.getJobCounts())) {
      const status = statuses[state] ?? 'waiting';
      counts.set(status, (counts.get(status) ?? 0) + count);
    }
  }
  return counts;
}
