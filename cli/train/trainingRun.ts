import type { DistillationEvent, TrainingEvent } from '../../src/node.js';
import { Interrupted } from '../terminal/failures.js';
import { interruptible, interruption } from '../terminal/interrupt.js';

/**
 * Runs a task that ends early, but tidily, once somebody asks: by a signal, to which `notice` is the answer (a second
 * one ends the process), or by no longer reading what it prints.
 */
export async function stoppable(
  task: (signal: AbortSignal) => Promise<void>,
  notice = 'stopping after this step; again to stop at once',
): Promise<void> {
  const unheard = new AbortController();
  // In place of ending at once, which would lose the steps since the last checkpoint.
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error').on('error', () => unheard.abort());
  }
  process.on('SIGHUP', (signal) => unheard.abort(interruption(signal)));
  await interruptible(async (interrupted) => {
    interrupted.addEventListener('abort', () => process.stderr.write(`\n${notice}\n`));
    await task(AbortSignal.any([interrupted, unheard.signal]));
  });
}

/**
 * Ends a command whose work a signal has cut short, so that what a shell would do next is not done with half of it.
 * @throws Interrupted
 */
export function requireUninterrupted(signal: AbortSignal): void {
  if (signal.reason instanceof Interrupted) throw signal.reason;
}

/** Prints the events of a run: a line of JSON each, or text for people. */
export async function eventPrinter(
  json: boolean,
  totalSteps: number,
): Promise<(event: TrainingEvent) => void> {
  if (json) return printJson;
  const { createPrinter } = await import('./trainingConsole.js');
  const { isTTY, columns } = process.stdout;
  const output = {
    interactive: isTTY,
    columns: columns ?? 80,
    write: (text: string) => process.stdout.write(text),
    warn: (text: string) => process.stderr.write(text),
    now: () => performance.now(),
  };
  return createPrinter(output, totalSteps);
}

export function printJson(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/**
 * Prints the events of a run and, at its end, what was written.
 * @throws Interrupted when a signal ended it before.
 */
export async function printDistillation(
  events: AsyncIterable<DistillationEvent>,
  { json, totalSteps, signal }: { json: boolean; totalSteps: number; signal: AbortSignal },
): Promise<void> {
  const print = await eventPrinter(json, totalSteps);
  let isWritten = false;
  for await (const event of events) {
    isWritten ||= event.kind === 'written';
    if (event.kind !== 'written') print(event);
    else if (json) printJson(event);
    else {
      const { folder, model } = event;
      const size = `${(model.bytes / 1e6).toFixed(2)} MB`;
      process.stdout.write(
        `${folder}: ${model.parameters} parameters, ${size}; report.json compares it with its teacher\n`,
      );
    }
  }
  if (!isWritten) requireUninterrupted(signal);
}

/** The command as it was typed, for a model card. */
export function typedCommand(): string {
  const quoted = process.argv
    .slice(2)
    .map((word) => (/^[\w./:=,@+-]+$/.test(word) ? word : `'${word}'`));
  return ['nanosd', ...quoted].join(' ');
}
