import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import type { DistillEvent, SurrogateEvent } from './distillEvents.js';
import type { DistillPlan } from './distillPlan.js';
import { connectRedis, loadQueuePackages } from './redis-node.js';
import { surrogateName, type Surrogate } from './surrogate.js';
import { identityHash, readSurrogateReport } from './surrogateFolder-node.js';

export const queueName = 'nanosd-distill';

/** One surrogate of a plan. Paths are relative to the folder of surrogates, unless it is the folder's own. */
export interface DistillJobData {
  readonly plan: DistillPlan;
  readonly surrogate: Surrogate;
}

/** A queue of surrogates in Redis, from which workers on any machine take them. */
export interface DistillQueue extends AsyncDisposable {
  /**
   * Puts surrogates of a plan into the queue, those that are there already once, and tells of them until all have
   * ended or the signal aborts; the queue stays as it is then.
   */
  watch(
    plan: DistillPlan,
    surrogates: readonly Surrogate[],
    emit: (event: DistillEvent) => void,
    signal: AbortSignal | undefined,
  ): Promise<void>;
}

/** Milliseconds between looks at the queue. */
const interval = 500;

/** How often a job is tried that fails; one whose worker has died is tried again anyway. */
const attempts = 3;

/**
 * Opens the queue on a Redis or Valkey server.
 * @throws ConfigError where no server answers, within a few seconds.
 */
export async function openDistillQueue(
  url: string,
  onTrouble: (message: string) => void,
): Promise<DistillQueue> {
  const packages = await loadQueuePackages();
  const connection = await connectRedis(packages, url, onTrouble);
  const queue: Queue<DistillJobData> = new packages.bullmq.Queue(queueName, { connection });
  queue.on('error', () => undefined);
  return {
    async watch(plan, surrogates, emit, signal) {
      const waiting = new Map<string, Surrogate>();
      for (const surrogate of surrogates) {
        waiting.set(await enqueue(queue, plan, surrogate), surrogate);
      }
      const told = new Map<string, string>();
      while (waiting.size > 0 && !signal?.aborted) {
        for (const [id, surrogate] of waiting) {
          const events = await eventsOf(queue, plan, id, surrogate);
          for (const event of events) {
            const text = JSON.stringify(event);
            if (told.get(id) !== text) emit(event);
            told.set(id, text);
            if (event.kind === 'finished' || event.kind === 'failed') waiting.delete(id);
          }
        }
        if (waiting.size > 0) await sleep(interval, undefined, { ref: true });
      }
    },
    async [Symbol.asyncDispose]() {
      await queue.close();
      connection.disconnect();
    },
  };
}

/** The same job has the same id, so that it is in the queue once; one that has ended is begun again. */
async function enqueue(
  queue: Queue<DistillJobData>,
  plan: DistillPlan,
  surrogate: Surrogate,
): Promise<string> {
  const name = surrogateName(surrogate);
  const jobId = `${identityHash(plan.identity)}-${name}`;
  const known = await queue.getJob(jobId);
  if (known && ((await known.isCompleted()) || (await known.isFailed()))) await known.remove();
  const { folder } = plan;
  const portable = {
    ...plan,
    teacher: relative(folder, plan.teacher),
    photos: plan.photos.map((path) => relative(folder, path)),
    latents: relative(folder, plan.latents),
  };
  const data: DistillJobData = { plan: portable, surrogate };
  await queue.add(name, data, {
    jobId,
    attempts,
    backoff: { type: 'exponential', delay: 2000 },
    removeOnComplete: { age: 86_400 },
    removeOnFail: { age: 7 * 86_400 },
  });
  return jobId;
}

/** What is new about a job. */
async function eventsOf(
  queue: Queue<DistillJobData>,
  plan: DistillPlan,
  id: string,
  surrogate: Surrogate,
): Promise<readonly SurrogateEvent[]> {
  const name = surrogateName(surrogate);
  const job: Job<DistillJobData> | undefined = await queue.getJob(id);
  if (job && (await job.isFailed())) {
    return [{ kind: 'failed', name, message: job.failedReason }];
  }
  if (!job || (await job.isCompleted())) {
    const report = await readSurrogateReport(plan.folder, surrogate, plan.identity);
    if (report) return [{ kind: 'finished', name, report }];
    const message = job
      ? `a worker says that it is finished, but ${plan.folder} has none (another folder?)`
      : 'somebody has removed it from the queue';
    return [{ kind: 'failed', name, message }];
  }
  const progress = job.progress as SurrogateEvent | number;
  return typeof progress === 'object' ? [progress] : [];
}
