/**
 * Runs a task when its turn has come. An aborted signal rejects at once with its reason: a task that
 * has not begun never does, and the result of one that has is dropped, but its turn lasts to its end.
 */
export type Queue = <T>(task: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** Turns for tasks that must not overlap, in the order they are asked for. */
export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (task, signal) => {
    const turn = last.then(() => {
      signal?.throwIfAborted();
      return task();
    });
    last = turn.catch(() => undefined);
    return unlessAborted(turn, signal);
  };
}

/**
 * Waits for a turn that lasts until the function it resolves to is called.
 * @throws the signal's reason when aborted before the turn has come.
 */
export function takeTurn(queue: Queue, signal?: AbortSignal): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const turn = queue(() => new Promise<void>((end) => resolve(end)), signal);
    turn.catch(reject);
  });
}

/** What a promise gives, unless the signal is aborted before: then it rejects at once with the signal's reason. */
export function unlessAborted<T>(turn: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return turn;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    const settled = (): void => signal.removeEventListener('abort', abort);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
    void turn.then(resolve, reject).finally(settled);
  });
}
