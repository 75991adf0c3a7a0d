/** What one part of a program tells and another reads in its own time, in order. */
export interface Channel<T> extends AsyncIterable<T> {
  push(value: T): void;
  /** After what was pushed, reading ends. */
  end(): void;
  /** After what was pushed, reading throws. */
  fail(error: Error): void;
}

export function createChannel<T>(): Channel<T> {
  const waiting: T[] = [];
  let ended = false;
  let failure: Error | null = null;
  let wake = (): void => undefined;
  const close = (error: Error | null): void => {
    if (ended) return;
    [ended, failure] = [true, error];
    wake();
  };
  return {
    push(value) {
      if (!ended) waiting.push(value);
      wake();
    },
    end: () => close(null),
    fail: close,
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift() as T;
        if (failure) throw failure;
        if (ended) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
