import type { Executor, Session } from '../graph/index.js';

/**
 * An executor that lets the page or worker take a turn of its event loop after every run. ONNX Runtime's
 * WebAssembly computes without one, so that a message such as "cancel" would wait for the last tile.
 */
export function yieldingExecutor(executor: Executor): Executor {
  return {
    device: executor.device,
    async load(graph, weights): Promise<Session> {
      const session = await executor.load(graph, weights);
      return {
        async run(feeds, options) {
          const results = await session.run(feeds, options);
          await nextTask();
          options?.signal?.throwIfAborted();
          return results;
        },
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
  };
}

/** Unlike timers, messages are not slowed down in background tabs. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
