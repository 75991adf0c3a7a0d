import type { PipelineEvent } from '../../src/training.js';
import { formatSeconds } from '../terminal/progress.js';

/** What text goes to: a terminal, of which the table is drawn anew, or a log. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

interface Row {
  readonly state: 'waiting' | 'running' | 'done' | 'kept';
  readonly seconds: number | null;
  readonly done: number;
  readonly note: string;
  /** The first that was heard of it: what is done when a stage resumes says nothing about its pace. */
  readonly first: { readonly done: number; readonly at: number } | null;
}

const INTERVAL_TERMINAL = 200;
const INTERVAL_LOG = 30_000;
const WIDEST = 80;
const BAR = 16;

/** Prints a pipeline's events for people: a table of its stages that is kept up to date. */
export function createPipelineConsole(
  output: Output,
  stages: readonly string[],
  now: () => number = () => performance.now(),
): (event: PipelineEvent) => void {
  const interactive = output.isTTY === true;
  const columns = Math.min(WIDEST, output.columns ?? WIDEST) - 1;
  const waiting: Row = { state: 'waiting', seconds: null, done: 0, note: '', first: null };
  const rows = new Map(stages.map((stage) => [stage, waiting]));
  let drawnLines = 0;
  let drawnAt = -Infinity;
  const erase = (): string => (drawnLines > 0 ? `\x1b[${drawnLines}A\x1b[0J` : '');
  const draw = (stage: string, force: boolean): void => {
    if (!force && now() - drawnAt < (interactive ? INTERVAL_TERMINAL : INTERVAL_LOG)) return;
    drawnAt = now();
    const shown = interactive ? [...rows.keys()] : [stage];
    const lines = shown.map((name) =>
      rowText(name, rows.get(name) ?? waiting, now(), columns).slice(0, columns),
    );
    output.write(`${interactive ? erase() : ''}${lines.join('\n')}\n`);
    drawnLines = lines.length;
  };
  return (event) => {
    if (event.kind === 'warning') {
      output.write(`${interactive ? erase() : ''}warning: ${event.stage}: ${event.message}\n`);
      drawnLines = 0;
      draw(event.stage, interactive);
      return;
    }
    const row = rows.get(event.stage) ?? waiting;
    if (event.kind === 'stage') {
      const { state, seconds } = event;
      rows.set(event.stage, { ...waiting, state, seconds });
    } else {
      const { done, note } = event;
      rows.set(event.stage, { ...row, done, note, first: row.first ?? { done, at: now() } });
    }
    draw(event.stage, event.kind === 'stage');
  };
}

/** `distill   [======          ]  38 %  4:12 left  E2-RA`. */
export function rowText(name: string, row: Row, now: number, columns: number): string {
  const label = name.padEnd(9);
  if (row.state === 'waiting') return `${label} waiting`;
  if (row.state !== 'running') {
    const kept = row.state === 'kept' ? ', before' : '';
    return `${label} done in ${formatSeconds(row.seconds ?? 0)}${kept}`;
  }
  const filled = Math.round(BAR * row.done);
  const bar = `[${'='.repeat(filled)}${' '.repeat(BAR - filled)}]`;
  const percent = `${String(Math.floor(100 * row.done)).padStart(3)} %`;
  const left = secondsLeft(row, now);
  const eta = left === null ? '' : `${formatSeconds(left)} left`;
  return `${label} ${bar} ${percent}  ${eta.padEnd(12)} ${row.note}`.slice(0, columns);
}

function secondsLeft({ done, first }: Row, now: number): number | null {
  const gained = first ? done - first.done : 0;
  return first && gained > 0.01 ? ((now - first.at) / 1000 / gained) * (1 - done) : null;
}
