import type { DistillEvent, DistillWorkerEvent } from '../../src/node.js';
import { formatSeconds } from '../terminal/progress.js';

/** What text goes to: a terminal, of which the last lines are drawn anew, or a log. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const intervalTerminal = 200;
const intervalLog = 20_000;
const widest = 80;

/** How far a surrogate in training is. */
export interface Active {
  readonly step: number;
  readonly loss: number | null;
  readonly error: number;
}

/** How far a run is. */
export interface DistillProgress {
  readonly steps: number;
  /** Surrogates to train; updates that are to be done for all of them, that were done before, and that are done. */
  readonly total: number;
  readonly finished: number;
  readonly failed: number;
  readonly begunAt: number;
  readonly doneBefore: number;
  readonly active: ReadonlyMap<string, Active>;
}

/** Prints a run's events for people: a line for each surrogate that ends, and below them a live table of the others. */
export function createDistillConsole(
  output: Output,
  folder: string,
  now: () => number = () => performance.now(),
): (event: DistillEvent) => void {
  const columns = Math.min(widest, output.columns ?? widest) - 1;
  const interactive = output.isTTY === true;
  const active = new Map<string, Active>();
  let progress = {
    steps: 1,
    total: 0,
    finished: 0,
    failed: 0,
    begunAt: now(),
    doneBefore: 0,
    active,
  };
  let [drawnLines, drawnAt] = [0, -Infinity];
  const erase = (): string => {
    const up = drawnLines > 0 ? `\x1b[${drawnLines}A\x1b[0J` : '';
    drawnLines = 0;
    return up;
  };
  const say = (line: string): void => {
    output.write(`${interactive ? erase() : ''}${line}\n`);
    // What was drawn is gone.
    if (interactive) drawnAt = -Infinity;
  };
  const draw = (lines: readonly string[]): void => {
    if (now() - drawnAt < (interactive ? intervalTerminal : intervalLog)) return;
    drawnAt = now();
    const text = lines.map((line) => `${line.slice(0, columns)}\n`).join('');
    output.write(`${interactive ? erase() : ''}${text}`);
    drawnLines = lines.length;
  };
  return (event) => {
    switch (event.kind) {
      case 'planned': {
        const total = event.pending.length;
        progress = { ...progress, total, steps: event.steps, begunAt: now() };
        const all = total + event.finished.length;
        return say(`${total} of ${all} surrogates to train for ${event.steps} steps`);
      }
      case 'warning':
        return say(`warning: ${event.message}`);
      case 'latents':
      case 'features':
        draw([preparationLine(event)]);
        // The pace of preparing is not that of training.
        progress = { ...progress, begunAt: now() };
        return;
      case 'started':
        active.set(event.name, { step: event.step, loss: null, error: event.error });
        progress = { ...progress, doneBefore: progress.doneBefore + event.step };
        return draw(progressTable(progress, now()));
      case 'step': {
        const { error = 0 } = active.get(event.name) ?? {};
        active.set(event.name, { step: event.step, loss: event.loss, error });
        return draw(progressTable(progress, now()));
      }
      case 'saved':
        return;
      case 'finished':
        active.delete(event.name);
        progress = { ...progress, finished: progress.finished + 1 };
        return say(finishedLine(event));
      case 'failed':
        active.delete(event.name);
        progress = { ...progress, failed: progress.failed + 1 };
        return say(failedLine(event));
      case 'stopped':
        active.delete(event.name);
        return say(`${event.name.padEnd(8)} saved after step ${event.step}`);
      case 'done':
        return say(lastWords(event, folder));
    }
  };
}

function preparationLine({
  kind,
  done,
  total,
}: Extract<DistillEvent, { kind: 'latents' | 'features' }>): string {
  const what = kind === 'latents' ? 'photographs encoded' : "batches of the teacher's features";
  return `${done} of ${total} ${what}  ${Math.floor((100 * done) / total)} %`;
}

/** A row for each surrogate in training, and how far all are. */
export function progressTable(progress: DistillProgress, now: number): string[] {
  const { steps, active, total, finished, failed } = progress;
  const rows = [...active].map(([name, { step, loss, error }]) =>
    [
      name.padEnd(8),
      bar(step / steps, 24),
      `${step}/${steps}`.padStart(11),
      `loss ${loss === null ? '-' : loss.toPrecision(3)}`.padEnd(15),
      `error was ${error.toPrecision(3)}`,
    ].join('  '),
  );
  const seconds = (now - progress.begunAt) / 1000;
  const inWork = [...active.values()].reduce((sum, { step }) => sum + step, 0);
  const done = finished * steps + inWork - progress.doneBefore;
  const left = (total - failed) * steps - finished * steps - inWork;
  const eta = done > 0 ? `, ${formatSeconds((seconds / done) * left)} left` : '';
  const failures = failed > 0 ? `, ${failed} failed` : '';
  return [
    ...rows,
    `${finished} of ${total} finished${failures}, ${formatSeconds(seconds)} so far${eta}`,
  ];
}

function bar(share: number, width: number): string {
  const full = Math.round(share * width);
  return `${'#'.repeat(full)}${'.'.repeat(width - full)}`;
}

function finishedLine({ name, report }: Extract<DistillEvent, { kind: 'finished' }>): string {
  const { before, after } = report.relativeError;
  const change = `relative error ${before.all.toPrecision(3)} -> ${after.all.toPrecision(3)}`;
  return `${name.padEnd(8)} ${change.padEnd(38)} ${report.seconds.toFixed(1)} s`;
}

function failedLine({ name, message }: Extract<DistillEvent, { kind: 'failed' }>): string {
  return `${name.padEnd(8)} failed: ${message.replaceAll('\n', '; ')}`;
}

function lastWords(
  { finished, failed, stopped }: Extract<DistillEvent, { kind: 'done' }>,
  folder: string,
): string {
  const failures = failed.length > 0 ? `, ${failed.length} failed` : '';
  if (stopped) return `${finished} surrogates finished${failures}; --resume continues`;
  return `${finished} surrogates finished${failures}; ${folder}/report.html shows them`;
}

/** Prints what a worker does for people: a line for what begins and ends. */
export function createWorkerConsole(output: Output): (event: DistillWorkerEvent) => void {
  return (event) => {
    const say = (line: string): void => void output.write(`${line}\n`);
    switch (event.kind) {
      case 'started':
        return say(`${event.name.padEnd(8)} from step ${event.step}`);
      case 'finished':
        return say(finishedLine(event));
      case 'failed':
        return say(failedLine(event));
      case 'stopped':
        return say(`${event.name.padEnd(8)} saved after step ${event.step}`);
      case 'warning':
        return say(`warning: ${event.message}`);
      case 'waiting':
        return say('the queue is empty');
      case 'step':
      case 'saved':
    }
  };
}
