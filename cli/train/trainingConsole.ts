import { relative } from 'node:path';
import type { TrainingEvent } from '../../src/node.js';
import { formatScore, type StepMetrics } from '../../src/training.js';
import { formatSeconds } from '../terminal/progress.js';

/** Where text goes: a terminal rewrites its last line, a log gets a line now and then. */
export interface Console {
  readonly interactive: boolean;
  readonly columns: number;
  /** What people and logs read. */
  readonly write: (text: string) => void;
  readonly warn: (text: string) => void;
  /** Milliseconds, from any start. */
  readonly now: () => number;
}

const INTERVAL_INTERACTIVE = 250;
const INTERVAL_LOG = 20_000;

/** Prints a run's events for people. */
export function createPrinter(
  console: Console,
  totalSteps: number,
): (event: TrainingEvent) => void {
  const { interactive, write } = console;
  const clear = interactive ? '\r\x1b[2K' : '';
  const interval = interactive ? INTERVAL_INTERACTIVE : INTERVAL_LOG;
  let printed = { step: 0, at: -Infinity };
  let latest: StepMetrics | null = null;
  const pace = createPace();
  const progress = (metrics: StepMetrics): void => {
    const line = progressLine(metrics, totalSteps, pace.ms);
    write(interactive ? `${clear}${line.slice(0, console.columns - 1)}` : `${line}\n`);
    printed = { step: metrics.step, at: console.now() };
  };
  return (event) => {
    switch (event.kind) {
      case 'started':
        write(`${event.parameters} parameters, from step ${event.step} of ${totalSteps}\n`);
        return;
      case 'preparing':
        if (console.now() - printed.at < interval && event.done < event.total) return;
        write(`${clear}${event.done} of ${event.total} ${event.what}${interactive ? '' : '\n'}`);
        printed = { step: 0, at: console.now() };
        return;
      case 'step':
        latest = event.metrics;
        pace.hear(latest.ms);
        if (console.now() - printed.at >= interval) progress(latest);
        return;
      case 'validation':
        write(`${clear}${validationLine(event)}\n`);
        return;
      case 'checkpoint':
        write(`${clear}saved ${relative('', event.path)}\n`);
        return;
      case 'warning':
        console.warn(`${clear}warning: ${event.message}\n`);
        return;
      case 'failed':
        console.warn(`${clear}${failureLine(event)}\n`);
        return;
      case 'finished':
        if (latest && printed.step < latest.step) progress(latest);
        write(`${interactive ? '\n' : ''}${lastWords(event, latest !== null)}\n`);
    }
  };
}

const PACE_STEPS = 50;

/**
 * Milliseconds of a usual step: the median of the latest, so that one that slept with its machine does not count; nor
 * does the first, which waits for everything to begin. Null before the second.
 */
function createPace() {
  const latest: number[] = [];
  let heard = 0;
  return {
    get ms(): number | null {
      return [...latest].sort((a, b) => a - b)[latest.length >> 1] ?? null;
    },
    hear(ms: number): void {
      heard += 1;
      if (heard > 1) latest.push(ms);
      if (latest.length > PACE_STEPS) latest.shift();
    },
  };
}

/** At most 79 columns for runs of up to 999,999 steps. */
export function progressLine(
  metrics: StepMetrics,
  totalSteps: number,
  pace: number | null,
): string {
  const { step, loss, learningRate, ms, dataMs } = metrics;
  return [
    `${step}/${totalSteps}`,
    `loss ${loss.toPrecision(4)}`,
    `lr ${learningRate.toExponential(1)}`,
    ...(pace === null ? [] : [`${pace.toFixed(0)} ms/step`]),
    `data ${((100 * dataMs) / ms).toFixed(1)}%`,
    ...(pace === null ? [] : [`${formatSeconds(((totalSteps - step) * pace) / 1000)} left`]),
  ].join('  ');
}

function validationLine({ report, best }: Extract<TrainingEvent, { kind: 'validation' }>): string {
  const scores = Object.entries(report.validation).map(
    ([set, score]) => `${set} ${formatScore(score)}`,
  );
  return `step ${report.step}: ${scores.join(', ')}${best ? ' (best so far)' : ''}`;
}

function failureLine({ step, savedStep }: Extract<TrainingEvent, { kind: 'failed' }>): string {
  const saved = savedStep > 0 ? `the last checkpoint is of step ${savedStep}` : 'none is saved';
  return `failed after step ${step}; ${saved}`;
}

function lastWords(
  { step, steps }: Extract<TrainingEvent, { kind: 'finished' }>,
  hasTrained: boolean,
): string {
  if (step > steps) return `${step} steps were done before; the config asks for ${steps}`;
  if (step === steps && !hasTrained) return `all ${steps} steps were done before`;
  if (step === steps) return `finished ${steps} steps`;
  return `stopped after step ${step} of ${steps}; --resume continues`;
}
