import type { Objectives } from './pareto.js';
import type { Search } from './search.js';
import type { MeasuredTrial } from './searchProblem.js';
import { pointKey, type Point } from '../space/space.js';

/** What measuring a point has given. */
export interface Measurement {
  readonly objectives: Objectives;
  /** Whatever else is worth remembering of it: JSON. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** Where a search is written down, so that it can go on after an interruption. */
export interface SearchLog {
  /** Resolves when it is safe on disk that these points were suggested. */
  suggest(points: readonly Point[]): Promise<void>;
  /** Resolves when the measurement is safe on disk. */
  record(point: Point, measurement: Measurement): Promise<void>;
}

export interface RunSearchOptions {
  /** Trials in all, those of before included. */
  readonly evaluations: number;
  /** Points suggested, and begun to be measured, at once. */
  readonly batch?: number;
  readonly log?: SearchLog;
  /** Ends the run between two measurements; what is being measured is told to `measure`. */
  readonly signal?: AbortSignal;
}

/**
 * Measures what a search suggests until there are enough trials or no more points, and yields each
 * measurement once it is logged. Points that were suggested before and not measured come first, so a run
 * that was interrupted suggests what it would have without.
 */
export async function* runSearch(
  search: Search,
  measure: (point: Point, signal?: AbortSignal) => Promise<Measurement>,
  { evaluations, batch = 1, log, signal }: RunSearchOptions,
): AsyncGenerator<MeasuredTrial & Measurement> {
  for (;;) {
    let points = search.pending;
    if (points.length === 0) {
      const wanted = Math.min(batch, evaluations - search.trials.length);
      points = wanted > 0 ? search.ask(wanted) : [];
      if (points.length === 0) return;
      await log?.suggest(points);
    }
    yield* measureAll(points);
  }

  async function* measureAll(
    points: readonly Point[],
  ): AsyncGenerator<MeasuredTrial & Measurement> {
    signal?.throwIfAborted();
    const running = new Map(points.map((point) => [pointKey(point), started(point)]));
    try {
      while (running.size > 0) {
        signal?.throwIfAborted();
        const { point, measurement } = await Promise.race(running.values());
        running.delete(pointKey(point));
        search.tell(point, measurement.objectives);
        await log?.record(point, measurement);
        yield { point, ...measurement };
      }
    } finally {
      // What is begun is waited for, so that nothing computes on when what it computes with is disposed of.
      await Promise.allSettled(running.values());
    }
  }

  async function started(point: Point): Promise<{ point: Point; measurement: Measurement }> {
    return { point, measurement: await measure(point, signal) };
  }
}
