import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Job } from 'bullmq';
import { ConfigError } from '../models/index.js';
import { changedKeys, type RunIdentity } from '../training/index.js';
import { createChannel } from './channel.js';
import type { SurrogateEvent } from './distillEvents.js';
import type { DistillPlan } from './distillPlan.js';
import { queueName, type DistillJobData } from './distillQueue-node.js';
import { planFileName } from './prepareDistillation-node.js';
import { connectRedis, loadQueuePackages } from './redis-node.js';
import { identityHash } from './surrogateFolder-node.js';
import { trainSurrogates } from './trainSurrogates-node.js';
import { openWorkshop, type Workshop } from './workshop-node.js';

export interface DistillWorkerOptions {
  /** The folder of surrogates as this machine finds it; that of the job unless given. */
  readonly folder?: string;
  /** Seconds without a sign of life after which a worker is taken for dead and its job given to another; 30 unless given. */
  readonly lockSeconds?: number;
  /** Ends when the queue is empty, instead of waiting for more. */
  readonly untilEmpty?: boolean;
  /** Saves the surrogate in training, gives its job back, and ends. */
  readonly signal?: AbortSignal;
}

export type DistillWorkerEvent =
  | SurrogateEvent
  | { readonly kind: 'waiting' }
  | { readonly kind: 'warning'; readonly message: string };

/** How often a job may lose its worker before it counts as failed. */
const mostDeaths = 10;

/**
 * Takes surrogates from a queue and trains them, one at a time in one thread, until it is told to stop. Results
 * and checkpoints lie in the folder of the run, which all its workers share, so that what one had begun when it
 * died another continues.
 * @throws ConfigError where no Redis answers, within a few seconds.
 */
export async function* runDistillWorker(
  url: string,
  options: DistillWorkerOptions = {},
): AsyncGenerator<DistillWorkerEvent> {
  const channel = createChannel<DistillWorkerEvent>();
  const working = work(url, options, (event) => channel.push(event)).then(
    () => channel.end(),
    (error: unknown) => channel.fail(error instanceof Error ? error : new Error(String(error))),
  );
  yield* channel;
  await working;
}

async function work(
  url: string,
  { folder, lockSeconds = 30, untilEmpty = false, signal }: DistillWorkerOptions,
  emit: (event: DistillWorkerEvent) => void,
): Promise<void> {
  const packages = await loadQueuePackages();
  const trouble = createTrouble((message) => emit({ kind: 'warning', message }));
  const connection = await connectRedis(packages, url, trouble);
  const stopping = new AbortController();
  const workshops = createWorkshops(folder, (message) => emit({ kind: 'warning', message }));
  const train = async (job: Job<DistillJobData>, token?: string, lost?: AbortSignal) => {
    const signals = lost ? [stopping.signal, lost] : [stopping.signal];
    const outcome = await trainJob(
      await workshops.of(job.data.plan),
      job,
      AbortSignal.any(signals),
      emit,
    );
    if (outcome === 'finished') return;
    if (!stopping.signal.aborted) throw new Error('the job was lost to another worker');
    await job.moveToWait(token);
    throw new packages.bullmq.WaitingError();
  };
  const worker = new packages.bullmq.Worker<DistillJobData>(queueName, train, {
    connection,
    autorun: false,
    lockDuration: lockSeconds * 1000,
    stalledInterval: (lockSeconds * 1000) / 2,
    maxStalledCount: mostDeaths,
    drainDelay: 2,
  });
  worker.on('error', (error) => trouble(error.message));
  worker.on('lockRenewalFailed', (ids) => ids.forEach((id) => worker.cancelJob(id)));
  worker.on('drained', () => emit({ kind: 'waiting' }));
  const stopped = new Promise<void>((finish) => {
    const stop = (): void => finish();
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    if (untilEmpty) worker.on('drained', stop);
  });
  const running = worker.run();
  await Promise.race([stopped, running]);
  if (signal?.aborted) stopping.abort();
  await worker.close();
  await running;
  await workshops[Symbol.asyncDispose]();
  connection.disconnect();
}

/** Says the same trouble once in a while only: a server that is away is asked again and again. */
function createTrouble(warn: (message: string) => void): (message: string) => void {
  let last = { message: '', at: -Infinity };
  return (message) => {
    const now = performance.now();
    if (message === last.message && now - last.at < 30_000) return;
    last = { message, at: now };
    warn(message);
  };
}

async function trainJob(
  workshop: Workshop,
  job: Job<DistillJobData>,
  signal: AbortSignal,
  emit: (event: DistillWorkerEvent) => void,
): Promise<'finished' | 'stopped'> {
  let toldAt = -Infinity;
  let outcome: 'finished' | 'stopped' = 'stopped';
  for await (const event of trainSurrogates(workshop, [job.data.surrogate], signal)) {
    if (event.kind === 'failed') throw new Error(event.message);
    if (event.kind === 'finished') outcome = 'finished';
    const isMilestone = event.kind === 'started' || event.kind === 'stopped';
    if (event.kind === 'step' || isMilestone) {
      if (!isMilestone && performance.now() - toldAt < 1000) continue;
      toldAt = performance.now();
      // Whoever watches learns it a little later; training does not wait for it.
      job.updateProgress(event).catch(() => undefined);
    }
    emit(event);
  }
  return outcome;
}

/** The workshop of the newest job, which the next one is likely to need too. */
function createWorkshops(folder: string | undefined, onWarning: (message: string) => void) {
  let open: { readonly key: string; readonly workshop: Workshop } | null = null;
  const close = async (): Promise<void> => {
    await open?.workshop[Symbol.asyncDispose]();
    open = null;
  };
  return {
    async of(job: DistillPlan): Promise<Workshop> {
      const plan = planHere(job, folder ?? job.folder);
      const key = `${plan.folder} ${identityHash(plan.identity)}`;
      if (open?.key === key) return open.workshop;
      await close();
      await requirePlanFile(plan);
      open = { key, workshop: await openWorkshop(plan, { onWarning }) };
      return open.workshop;
    },
    [Symbol.asyncDispose]: close,
  };
}

/** A plan whose paths are those of this machine. */
function planHere(plan: DistillPlan, folder: string): DistillPlan {
  const here = resolve(folder);
  return {
    ...plan,
    folder: here,
    teacher: resolve(here, plan.teacher),
    photos: plan.photos.map((path) => resolve(here, path)),
    latents: resolve(here, plan.latents),
  };
}

async function requirePlanFile({ folder, identity }: DistillPlan): Promise<void> {
  const path = join(folder, planFileName);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) {
    throw new ConfigError(
      `${path}: expected the file of the job's run, got none; workers share the folder of surrogates (--folder)`,
    );
  }
  const begun = (JSON.parse(text) as { identity: RunIdentity }).identity;
  const changes = changedKeys(begun, identity);
  if (changes.length > 0)
    throw new ConfigError(`${path}: the job is of another run: ${changes[0]}`);
}
