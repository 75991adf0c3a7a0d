import type { Engine } from './engine.js';
import { nodeExecutor, type NodeExecutor } from './nodeExecutor-node.js';
import { requireNodeDevice } from './nodeDevices-node.js';
import type { NodeExecutorOptions } from './ort-node.js';
import { createQueue } from './queue.js';
import { startThread, type Thread } from './thread-node.js';

/**
 * An executor with a thread of its own, which ends when the executor is disposed of. What it computes
 * then is computed to its end; what waits fails.
 */
export interface WorkerExecutor extends NodeExecutor, AsyncDisposable {}

/**
 * ONNX Runtime in a worker thread: `run` there does not block this thread's event loop, so progress,
 * signals and other work go on. Two of them compute at the same time.
 * @throws DeviceError listing the devices there are.
 */
export function createWorkerExecutor(options: NodeExecutorOptions = {}): WorkerExecutor {
  const { device = 'cpu', threads } = options;
  requireNodeDevice(device);
  const thread = startThread({ device, threads });
  const executor = nodeExecutor(device, threadEngine(thread), options);
  return { ...executor, [Symbol.asyncDispose]: () => thread.end() };
}

function threadEngine(thread: Thread): Engine {
  return {
    queue: createQueue(),
    async open(model, placement, data, memory) {
      const { session } = await thread.ask({ kind: 'open', model, placement, data, memory });
      return {
        run: async (feeds) => (await thread.ask({ kind: 'run', session, feeds })).outputs,
        release: async () => {
          // A thread that has ended took its sessions with it.
          if (thread.isAlive()) await thread.ask({ kind: 'release', session });
        },
      };
    },
  };
}
