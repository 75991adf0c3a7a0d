import { describe, expect, it } from 'vitest';
import { createQueue } from './queue.js';

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('a queue', () => {
  it('gives turns in order, one at a time, past failures', async () => {
    const queue = createQueue();
    const log: string[] = [];
    const gate = deferred();
    const first = queue(async () => {
      log.push('first begins');
      await gate.promise;
      log.push('first fails');
      throw new Error('no');
    });
    const second = queue(() => {
      log.push('second');
      return Promise.resolve(2);
    });
    gate.resolve();
    await expect(first).rejects.toThrow('no');
    expect(await second).toBe(2);
    expect(log).toEqual(['first begins', 'first fails', 'second']);
  });

  it('never begins a task that was aborted while it waited', async () => {
    const queue = createQueue();
    const gate = deferred();
    const controller = new AbortController();
    const reason = new Error('enough');
    let begun = false;
    const first = queue(() => gate.promise);
    const second = queue(() => {
      begun = true;
      return Promise.resolve();
    }, controller.signal);
    const third = queue(() => Promise.resolve(3));
    controller.abort(reason);
    // Before the first has ended: the caller does not wait for a turn it will not use.
    await expect(second).rejects.toBe(reason);
    gate.resolve();
    await first;
    expect(await third).toBe(3);
    expect(begun).toBe(false);
  });

  it('drops the result of a task that was aborted while it ran, and waits for its end', async () => {
    const queue = createQueue();
    const gate = deferred();
    const controller = new AbortController();
    const begun = deferred();
    let ended = false;
    const first = queue(async () => {
      begun.resolve();
      await gate.promise;
      ended = true;
    }, controller.signal);
    const second = queue(() => Promise.resolve(ended));
    await begun.promise;
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect(ended).toBe(false);
    gate.resolve();
    expect(await second).toBe(true);
  });

  it('refuses a signal that was aborted before', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(createQueue()(() => Promise.resolve(1), signal)).rejects.toThrow('too late');
  });
});
