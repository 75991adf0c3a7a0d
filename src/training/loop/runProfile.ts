import { noCosts, type DataCosts } from '../data/dataCosts.js';
import type { StepMetrics } from './loop.js';

/** Where the time of a run's steps went, in milliseconds by a clock. */
export interface RunProfile {
  readonly steps: number;
  /** Of all steps. */
  readonly ms: number;
  /** Of that, waiting for data; the rest is computing. */
  readonly wait: number;
  readonly compute: number;
  /** What the threads that make data did meanwhile; null where they are not measured. */
  readonly data: DataCosts | null;
}

/** Adds steps up. */
export function createRunProfile() {
  let [steps, ms, wait] = [0, 0, 0];
  return {
    get steps() {
      return steps;
    },
    hear(metrics: StepMetrics): void {
      [steps, ms, wait] = [steps + 1, ms + metrics.ms, wait + metrics.dataMs];
    },
    end: (data: DataCosts | null): RunProfile => ({ steps, ms, wait, compute: ms - wait, data }),
  };
}

/** Rows for people: what, milliseconds a step, and the share of the steps' time. Data is made beside the steps. */
export function profileRows({ steps, ms, wait, compute, data }: RunProfile): string[][] {
  const { decode, degrade, read, pack } = data ?? noCosts;
  const parts = Object.entries({ decode, degrade, read, pack, wait, compute });
  const shown = data ? parts : parts.slice(-2);
  return [
    ['', 'ms/step', 'share'],
    ...shown.map(([name, part]) => [
      name,
      (part / Math.max(1, steps)).toFixed(1),
      `${((100 * part) / Math.max(ms, 1e-9)).toFixed(1)} %`,
    ]),
  ];
}
