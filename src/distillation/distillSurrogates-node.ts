import { stagesOfUnet2D } from '../models/index.js';
import { createChannel } from './channel.js';
import type { DistillEvent } from './distillEvents.js';
import type { DistillPlan } from './distillPlan.js';
import { openDistillQueue } from './distillQueue-node.js';
import { startDistillProcess, type DistillProcess } from './distillProcess-node.js';
import { prepareFeatures } from './features-node.js';
import { longestFirst, trainingGroups } from './groups.js';
import {
  prepareDistillation,
  type DistillRequest,
  type PreparedDistillation,
} from './prepareDistillation-node.js';
import { allSurrogates, surrogateName, type Surrogate } from './surrogate.js';
import { readSurrogateReport } from './surrogateFolder-node.js';
import { writeDistillationReports } from './writeReports-node.js';

export interface DistillOptions {
  /** All 30 unless given. */
  readonly only?: readonly Surrogate[];
  /** Processes that train at a time, each in one thread; 1 unless given. */
  readonly jobs?: number;
  /** Goes on with a folder that holds surrogates of the same run; what is finished is not done again. */
  readonly resume?: boolean;
  /**
   * `redis://HOST:PORT`: surrogates are put into a queue there, for `runDistillWorker` on machines that share the
   * folder, and watched from here. Without it processes of this machine train them, and no server is needed.
   */
  readonly queue?: string;
  /** Saves what is in training, and ends. */
  readonly signal?: AbortSignal;
}

type Emit = (event: DistillEvent) => void;

/** Times that a surrogate is tried whose process has died. */
const attempts = 3;

/**
 * Distils surrogates from a teacher in processes of this machine (NanoSD, feature-wise generative distillation):
 * each becomes a folder below that of the request, with `report.html` and `surrogates.json` for all. A run
 * that was killed and resumed gives bit for bit the surrogates of one that was not.
 * @throws ConfigError, ModelError or WeightsError for a teacher, photographs or a folder that cannot be used, for
 * a disk that is full; the signal's reason when aborted before training has begun.
 */
export async function* distillSurrogates(
  request: DistillRequest,
  options: DistillOptions = {},
): AsyncGenerator<DistillEvent> {
  const channel = createChannel<DistillEvent>();
  const working = work(request, options, (event) => channel.push(event)).then(
    () => channel.end(),
    (error: unknown) => channel.fail(error instanceof Error ? error : new Error(String(error))),
  );
  yield* channel;
  await working;
}

async function work(request: DistillRequest, options: DistillOptions, emit: Emit): Promise<void> {
  const { only = allSurrogates, jobs = 1, resume = false, signal } = options;
  const warn = (message: string): void => emit({ kind: 'warning', message });
  // First of all: a server that is not there is known before any work is done.
  await using queue =
    options.queue === undefined ? null : await openDistillQueue(options.queue, warn);
  await using prepared = await prepareDistillation(request, { resume });
  const { plan } = prepared;
  const pending = await pendingSurrogates(plan, only);
  const names = only.map(surrogateName);
  const open = new Set(pending.map(surrogateName));
  emit({
    kind: 'planned',
    pending: names.filter((name) => open.has(name)),
    finished: names.filter((name) => !open.has(name)),
    steps: plan.settings.steps,
  });
  const failed = new Set<string>();
  const listen: Emit = (event) => {
    if (event.kind === 'failed') failed.add(event.name);
    emit(event);
  };
  if (pending.length > 0) {
    await makeFeatures(prepared, jobs, signal, emit);
    if (queue) await queue.watch(plan, pending, listen, signal);
    else await trainAll(prepared, pending, { jobs, signal, emit: listen });
  }
  const reports = await writeDistillationReports(plan);
  const finished = names.filter((name) => reports.some((report) => surrogateName(report) === name));
  emit({
    kind: 'done',
    finished: finished.length,
    failed: [...failed],
    stopped: finished.length + failed.size < names.length,
  });
}

/** Those of a plan that are not finished. */
export async function pendingSurrogates(
  { folder, identity }: DistillPlan,
  surrogates: readonly Surrogate[],
): Promise<readonly Surrogate[]> {
  const reports = await Promise.all(
    surrogates.map((surrogate) => readSurrogateReport(folder, surrogate, identity)),
  );
  return surrogates.filter((_, i) => reports[i] === null);
}

export async function makeFeatures(
  { plan, teacher }: PreparedDistillation,
  jobs: number,
  signal: AbortSignal | undefined,
  emit: Emit,
): Promise<void> {
  await prepareFeatures(plan, teacher, jobs, {
    onWarning: (message) => emit({ kind: 'warning', message }),
    onLatents: (done, total) => emit({ kind: 'latents', done, total }),
    onFeatures: (done, total) => emit({ kind: 'features', done, total }),
    ...(signal ? { signal } : {}),
  });
}

interface Training {
  readonly jobs: number;
  readonly signal: AbortSignal | undefined;
  readonly emit: Emit;
}

async function trainAll(
  { plan, teacher }: PreparedDistillation,
  pending: readonly Surrogate[],
  { jobs, signal, emit }: Training,
): Promise<void> {
  const ordered = longestFirst(stagesOfUnet2D(teacher.unet), teacher.size, pending);
  const groups = [...trainingGroups(ordered, jobs, plan.settings.cache_megabytes > 0)];
  const running = new Set<DistillProcess>();
  const stop = (): void => running.forEach((process) => process.stop());
  signal?.addEventListener('abort', stop);
  const start = (): DistillProcess => {
    const process = startDistillProcess(plan, {
      onEvent: emit,
      onWarning: (message) => emit({ kind: 'warning', message }),
    });
    running.add(process);
    return process;
  };
  const worker = async (): Promise<void> => {
    let process: DistillProcess | null = null;
    try {
      for (let group = groups.shift(); group && !signal?.aborted; group = groups.shift()) {
        for (let attempt = 1; attempt <= attempts && !signal?.aborted; attempt++) {
          process ??= start();
          if (await process.train(group)) break;
          running.delete(process);
          process = null;
          if (attempt < attempts) continue;
          for (const surrogate of await pendingSurrogates(plan, group)) {
            const message = `its process ended ${attempts} times (out of memory?)`;
            emit({ kind: 'failed', name: surrogateName(surrogate), message });
          }
        }
      }
    } finally {
      await process?.end();
    }
  };
  try {
    const workers = Array.from({ length: Math.min(jobs, groups.length) }, worker);
    const results = await Promise.allSettled(workers);
    const refused = results.find((result) => result.status === 'rejected');
    if (refused) throw refused.reason;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
