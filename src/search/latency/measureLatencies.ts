import type { Executor, Graph, Session } from '../../graph/index.js';
import { bytesPerElement, elementCount, type Random, type Tensor } from '../../tensor/index.js';
import { measurementFeeds, measurementWeights } from '../quality/measurementTensors.js';
import { quantile } from '../algorithms/statistics.js';

/** What a network takes, in milliseconds. */
export interface Latency {
  readonly median: number;
  /** The quartiles. */
  readonly q1: number;
  readonly q3: number;
  readonly runs: number;
}

export interface MeasureOptions {
  /** Of each graph, after `warmup`. */
  readonly runs: number;
  readonly warmup: number;
  /** Decides the order within each round. */
  readonly random: Random;
  /** Of sessions that are open at once; beyond, graphs take turns in several passes. */
  readonly maxBytes: number;
  /** Ends early with what was measured by then; each graph runs at least once after its warm-up. */
  readonly maxSeconds?: number;
  /** Milliseconds that pass; those of the processor tell, of one thread, what others beside it do not disturb. */
  readonly clock?: () => number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** A session holds its weights about twice: as they are, and packed for its kernels. */
const COPIES = 2;
/**
 * Below so many milliseconds, a run is timed after another of the same session: in a loop of denoising a network
 * finds its weights in the cache and its threads awake, and among others in turn it would not.
 */
const SHORT_RUN = 100;
/** Where not all sessions can be open at once, each is opened so many times, so that drift hits all alike. */
const PASSES = 3;

/**
 * Measures what each graph takes on a device, as a session of its own with constant weights. Every round runs
 * each graph once, in a new order, so that a machine that becomes slower becomes so for all.
 * @throws what the executor does for a graph that it cannot run; the signal's reason when aborted.
 */
export async function measureLatencies(
  executor: Executor,
  graphs: readonly Graph[],
  options: MeasureOptions,
): Promise<Latency[]> {
  const times = graphs.map((): number[] => []);
  const batches = packBatches(graphs, options.maxBytes);
  const passes = batches.length > 1 ? Math.min(PASSES, options.runs) : 1;
  const visits = Array.from({ length: passes }, (_, pass) =>
    batches.map((batch) => ({ batch, runs: shareOf(options.runs, pass, passes) })),
  ).flat();
  const end = performance.now() + 1000 * (options.maxSeconds ?? Infinity);
  const total = graphs.length * options.runs;
  let done = 0;
  for (const [i, { batch, runs }] of visits.entries()) {
    const now = performance.now();
    const deadline = now + (end - now) / (visits.length - i);
    await measureBatch(executor, graphs, batch, { ...options, runs, deadline }, (index, ms) => {
      times[index].push(ms);
      options.onProgress?.(++done, total);
    });
  }
  return times.map(summary);
}

/** The part of `runs` that falls to a pass: as even as whole numbers can be. */
function shareOf(runs: number, pass: number, passes: number): number {
  return Math.floor((runs * (pass + 1)) / passes) - Math.floor((runs * pass) / passes);
}

/** Indices of graphs, in order, as many together as may be open at once. */
function packBatches(graphs: readonly Graph[], maxBytes: number): number[][] {
  const batches: number[][] = [];
  let free = 0;
  graphs.forEach(({ params }, index) => {
    const bytes = params.reduce(
      (sum, { dtype, shape }) => sum + COPIES * bytesPerElement(dtype) * elementCount(shape),
      0,
    );
    if (batches.length === 0 || bytes > free) {
      batches.push([]);
      free = maxBytes;
    }
    free -= bytes;
    batches[batches.length - 1].push(index);
  });
  return batches;
}

async function measureBatch(
  executor: Executor,
  graphs: readonly Graph[],
  batch: readonly number[],
  options: MeasureOptions & { readonly deadline: number },
  onTime: (index: number, ms: number) => void,
): Promise<void> {
  const { random, runs, warmup, deadline, signal } = options;
  const tasks: Task[] = [];
  try {
    for (const index of batch) {
      signal?.throwIfAborted();
      const graph = graphs[index];
      const session = await executor.load(graph, measurementWeights(graph));
      const task = { index, session, feeds: measurementFeeds(graph), isShort: false };
      tasks.push(task);
      for (let i = 0; i < warmup; i++) task.isShort = (await timeRun(task, options)) < SHORT_RUN;
    }
    for (let round = 0; round < runs; round++) {
      if (round > 0 && performance.now() > deadline) return;
      for (const place of random.permutation(tasks.length)) {
        const task = tasks[place];
        if (task.isShort) await timeRun(task, options);
        onTime(task.index, await timeRun(task, options));
      }
    }
  } finally {
    for (const { session } of tasks) await session[Symbol.asyncDispose]();
  }
}

interface Task {
  readonly index: number;
  readonly session: Session;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly isShort: boolean;
}

/** Signals and progress get their turn before each run: some devices compute without one. */
async function timeRun(
  { session, feeds }: Task,
  { signal, clock = () => performance.now() }: MeasureOptions,
): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve));
  signal?.throwIfAborted();
  const start = clock();
  await session.run(feeds);
  return clock() - start;
}

function summary(times: readonly number[]): Latency {
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((share) => quantile(times, share));
  return { median, q1, q3, runs: times.length };
}
