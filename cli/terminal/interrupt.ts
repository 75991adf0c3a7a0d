import { constants } from 'node:os';
import { Interrupted } from './failures.js';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** What a command ends with that such a signal has stopped: 128 and the signal's number, as shells have it. */
export function interruption(signal: NodeJS.Signals): Interrupted {
  return new Interrupted(128 + constants.signals[signal]);
}

/**
 * Runs a task whose abort signal follows SIGINT and SIGTERM, its reason being `Interrupted`. A second one ends the process
 * at once, and by the signal itself: `process.exit` would wait for threads that compute.
 */
export async function interruptible<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: (typeof signals)[number]): void => {
    if (controller.signal.aborted) {
      stopListening();
      process.kill(process.pid, signal);
    }
    controller.abort(interruption(signal));
  };
  const stopListening = (): void => {
    for (const signal of signals) process.off(signal, stop);
  };
  for (const signal of signals) process.on(signal, stop);
  try {
    return await task(controller.signal);
  } finally {
    stopListening();
  }
}
