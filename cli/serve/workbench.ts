import { busy, stopping } from './apiError.js';

export interface WorkbenchLimits {
  /** Tasks that run at a time. */
  readonly concurrency: number;
  /** Tasks that wait; more are refused. */
  readonly queueLimit: number;
  /** Seconds that one may run. */
  readonly timeout: number;
}

/** One task, from when it is accepted. */
export interface Errand<T> {
  /** @throws what the task throws, or the reason that it was cancelled for, at once. */
  readonly ended: Promise<T>;
  /** How many run or wait before it does; undefined once it has begun. */
  ahead(): number | undefined;
  readonly cancel: (reason: Error) => void;
}

/** Where tasks wait for one another: some run at a time, some wait, the rest is refused. */
export interface Workbench {
  readonly running: number;
  readonly waiting: number;
  /** @throws ApiError when too many wait, or the server is stopping. */
  checkRoom(): void;
  /**
   * A task whose result nobody waits for any more is disposed of.
   * @throws ApiError when too many wait, or the server is stopping.
   */
  submit<T extends Partial<AsyncDisposable>>(task: Task<T>): Errand<T>;
  /**
   * The same for a task that has been accepted elsewhere, however many wait.
   * @throws ApiError when the server is stopping.
   */
  accept<T extends Partial<AsyncDisposable>>(task: Task<T>): Errand<T>;
  /** Accepts nothing more. */
  close(): void;
  /** Cancels all that runs or waits. */
  cancelAll(reason: Error): void;
}

export interface Task<T> {
  run(signal: AbortSignal): Promise<T>;
  /** What a run that took too long fails with. */
  late(seconds: number): Error;
}

interface Entry {
  begin(): Promise<void>;
  cancel(reason: Error): void;
}

/** How much the last task counts in what the next is expected to take. */
const RECENT = 0.2;

export function createWorkbench(limits: WorkbenchLimits): Workbench {
  const waiting: Entry[] = [];
  const running = new Set<Entry>();
  let usualSeconds = 1;
  let isClosed = false;

  const advance = (): void => {
    while (running.size < limits.concurrency) {
      const next = waiting.shift();
      if (!next) break;
      running.add(next);
      const start = performance.now();
      void next.begin().finally(() => {
        running.delete(next);
        usualSeconds += RECENT * ((performance.now() - start) / 1000 - usualSeconds);
        advance();
      });
    }
  };
  const checkRoom = (): void => {
    if (isClosed) throw stopping();
    if (running.size < limits.concurrency || waiting.length < limits.queueLimit) return;
    const seconds = (usualSeconds * (waiting.length + 1)) / limits.concurrency;
    throw busy(Math.min(seconds, 120), `expected fewer than ${waiting.length} requests to wait`);
  };

  const accept = <T extends Partial<AsyncDisposable>>(task: Task<T>): Errand<T> => {
    if (isClosed) throw stopping();
    const { entry, ended } = createEntry(task, limits.timeout);
    waiting.push(entry);
    advance();
    return {
      ended,
      ahead() {
        const before = waiting.indexOf(entry);
        return before < 0 ? undefined : before + running.size;
      },
      cancel(reason) {
        const at = waiting.indexOf(entry);
        if (at >= 0) waiting.splice(at, 1);
        entry.cancel(reason);
      },
    };
  };

  return {
    get running() {
      return running.size;
    },
    get waiting() {
      return waiting.length;
    },
    checkRoom,
    accept,
    submit(task) {
      checkRoom();
      return accept(task);
    },
    close() {
      isClosed = true;
    },
    cancelAll(reason) {
      for (const entry of [...waiting.splice(0), ...running]) entry.cancel(reason);
    },
  };
}

function createEntry<T extends Partial<AsyncDisposable>>(
  task: Task<T>,
  timeout: number,
): { entry: Entry; ended: Promise<T> } {
  const controller = new AbortController();
  const { promise: ended, resolve, reject } = settleable<T>();
  const cancel = (reason: Error): void => {
    controller.abort(reason);
    reject(reason);
  };
  const begin = async (): Promise<void> => {
    if (controller.signal.aborted) return;
    const timer = setTimeout(() => cancel(task.late(timeout)), timeout * 1000);
    try {
      const result = await task.run(controller.signal);
      if (controller.signal.aborted) await result[Symbol.asyncDispose]?.();
      else resolve(result);
    } catch (error) {
      reject(error);
    } finally {
      clearTimeout(timer);
    }
  };
  return { entry: { begin, cancel }, ended };
}

function settleable<T>() {
  let settle: { resolve: (value: T) => void; reject: (reason: unknown) => void } | undefined;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  // Whoever cancels a task may not wait for its end.
  promise.catch(() => undefined);
  if (!settle) throw new Error('promises call their executor at once');
  return { promise, ...settle };
}
