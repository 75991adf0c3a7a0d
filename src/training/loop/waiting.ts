import type { StepMetrics } from './loop.js';

/** Steps that are looked at together, and how much of their time may pass in waiting before somebody is told. */
const STEPS = 100;
const MOST = 0.15;

/** Hears how long steps waited for data; says once, in words, when that is too much. */
export function createWaitWatch(advice: string): (metrics: StepMetrics) => string | null {
  let [steps, ms, dataMs] = [0, 0, 0];
  let isFirst = true;
  let isTold = false;
  return (metrics) => {
    // The first step waits for photographs to be decoded and threads to begin.
    if (!isFirst) [steps, ms, dataMs] = [steps + 1, ms + metrics.ms, dataMs + metrics.dataMs];
    isFirst = false;
    if (steps < STEPS) return null;
    const share = dataMs / ms;
    [steps, ms, dataMs] = [0, 0, 0];
    if (isTold || share <= MOST) return null;
    isTold = true;
    return `training waits for data ${Math.round(100 * share)} % of its time; ${advice}`;
  };
}
