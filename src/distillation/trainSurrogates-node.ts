import type { SurrogateEvent } from './distillEvents.js';
import { surrogateName, type Surrogate } from './surrogate.js';
import { readSurrogateReport } from './surrogateFolder-node.js';
import { openSurrogateRun, type SurrogateRun } from './surrogateTraining-node.js';
import type { Workshop } from './workshop-node.js';

/**
 * Trains surrogates side by side, always the one that is furthest behind, so that a pass of the teacher feeds
 * all of them; each exactly as it would be alone. What is finished already is only told of. One that fails
 * stops none of the others. When the signal aborts, all are saved after the step that is computed.
 */
export async function* trainSurrogates(
  workshop: Workshop,
  surrogates: readonly Surrogate[],
  signal?: AbortSignal,
): AsyncGenerator<SurrogateEvent> {
  const group = createGroup(workshop);
  try {
    for (const surrogate of surrogates) {
      if (signal?.aborted) break;
      yield await group.attempt(surrogate, () => group.begin(surrogate));
    }
    for (let run = group.furthestBehind(); run && !signal?.aborted; run = group.furthestBehind()) {
      const current = run;
      yield await group.attempt(current.surrogate, () => group.advance(current));
      if (group.isSaveDue()) yield* group.each(save);
    }
    yield* group.each(stop);
  } finally {
    await group[Symbol.asyncDispose]();
  }
}

type Task = () => Promise<SurrogateEvent>;

/** The surrogates that one process trains at a time. */
function createGroup(workshop: Workshop) {
  const { plan } = workshop;
  const { steps, checkpointing_minutes: minutes } = plan.settings;
  const runs = new Map<Surrogate, SurrogateRun>();
  let savedAt = performance.now();
  const leave = async (surrogate: Surrogate): Promise<void> => {
    await runs.get(surrogate)?.[Symbol.asyncDispose]();
    runs.delete(surrogate);
  };
  const attempt = async (surrogate: Surrogate, task: Task): Promise<SurrogateEvent> => {
    try {
      return await task();
    } catch (error) {
      await leave(surrogate);
      const message = error instanceof Error ? error.message : String(error);
      return { kind: 'failed', name: surrogateName(surrogate), message };
    }
  };
  return {
    attempt,
    async begin(surrogate: Surrogate): Promise<SurrogateEvent> {
      const name = surrogateName(surrogate);
      // Another process may have been faster.
      const report = await readSurrogateReport(plan.folder, surrogate, plan.identity);
      if (report) return { kind: 'finished', name, report };
      const run = await openSurrogateRun(workshop, surrogate);
      runs.set(surrogate, run);
      return { kind: 'started', name, step: run.step, error: run.before.all };
    },
    /** One step, or the end of a run that has none left. */
    async advance(run: SurrogateRun): Promise<SurrogateEvent> {
      const name = surrogateName(run.surrogate);
      if (run.step < steps) {
        const { step, loss, ms } = await run.next();
        return { kind: 'step', name, step, loss, ms };
      }
      const report = await run.finish();
      await leave(run.surrogate);
      return { kind: 'finished', name, report };
    },
    furthestBehind(): SurrogateRun | null {
      const all = [...runs.values()];
      return all.reduce((least, run) => (run.step < least.step ? run : least), all[0]) ?? null;
    },
    isSaveDue(): boolean {
      const isDue = performance.now() - savedAt > minutes * 60_000;
      if (isDue) savedAt = performance.now();
      return isDue;
    },
    /** Does the same with every run; what fails leaves the group. */
    async *each(task: (run: SurrogateRun) => Promise<SurrogateEvent>) {
      for (const run of [...runs.values()]) yield await attempt(run.surrogate, () => task(run));
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const surrogate of [...runs.keys()]) await leave(surrogate);
    },
  };
}

async function save(run: SurrogateRun): Promise<SurrogateEvent> {
  await run.save();
  return { kind: 'saved', name: surrogateName(run.surrogate), step: run.step };
}

async function stop(run: SurrogateRun): Promise<SurrogateEvent> {
  await run.save();
  return { kind: 'stopped', name: surrogateName(run.surrogate), step: run.step };
}
