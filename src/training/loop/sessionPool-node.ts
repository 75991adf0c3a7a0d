import type { Feeds, Graph, Session } from '../../graph/index.js';
import { createWorkerExecutor, type WorkerExecutor } from '../../runtime/worker-node.js';
import type { Checkpoint } from '../../weights/index.js';

/** One network in several threads, to compute on shares of a batch side by side. */
export interface SessionPool extends AsyncDisposable {
  /** Computes in a thread that is free, or in the next that gets free. */
  run(feeds: Feeds): Promise<Feeds>;
}

/** Opens a network whose weights stay in their file in `count` threads of one core each, when it first computes. */
export function createSessionPool(graph: Graph, weights: Checkpoint, count: number): SessionPool {
  const idle: Promise<Session>[] = [];
  const waiting: ((session: Promise<Session>) => void)[] = [];
  const executors: WorkerExecutor[] = [];
  const open = (): Promise<Session> => {
    const executor = createWorkerExecutor({ threads: 1 });
    executors.push(executor);
    return executor.loadMapped({ ...graph, taps: [] }, weights);
  };
  const take = (): Promise<Session> => {
    const free = idle.pop();
    if (free) return free;
    if (executors.length < count) return open();
    return new Promise((resolve) => waiting.push(resolve));
  };
  const giveBack = (session: Promise<Session>): void => {
    const next = waiting.shift();
    if (next) next(session);
    else idle.push(session);
  };
  return {
    async run(feeds) {
      const session = await take();
      try {
        return await session.run(feeds);
      } finally {
        giveBack(Promise.resolve(session));
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(executors.map((executor) => executor[Symbol.asyncDispose]()));
    },
  };
}
