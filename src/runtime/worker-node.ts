import { Worker } from 'node:worker_threads';
import type { NodeEngineOptions } from './engine-node.js';
import type { Engine } from './engine.js';
import { nodeExecutor, type NodeExecutor } from './nodeExecutor-node.js';
import { requireNodeDevice, type NodeExecutorOptions } from './ort-node.js';
import { createQueue } from './queue.js';
import type { WorkerReply, WorkerRequest } from './workerProtocol.js';

/** An executor with a thread of its own, which ends when the executor is disposed of. */
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
    async open(model, placement, data) {
      const { session } = await thread.ask({ kind: 'open', model, placement, data });
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

type Answer = Extract<WorkerReply, { ok: true }>;

/** A thread that is asked one thing at a time. */
interface Thread {
  isAlive(): boolean;
  ask(request: WorkerRequest): Promise<Answer>;
  end(): Promise<void>;
}

interface Waiting {
  readonly resolve: (reply: Answer) => void;
  readonly reject: (error: Error) => void;
}

function startThread(workerData: NodeEngineOptions): Thread {
  const entry = new URL('./worker-entry-node.js', import.meta.url);
  const worker = new Worker(entry, { workerData });
  let waiting: Waiting | undefined;
  let ended: Error | undefined;
  // An idle worker must not keep the process alive; one with work to do must.
  worker.unref();
  const settle = (settler: (waiting: Waiting) => void): void => {
    const settled = waiting;
    waiting = undefined;
    worker.unref();
    if (settled) settler(settled);
  };
  const endWith = (error: Error): void => {
    ended ??= error;
    settle(({ reject }) => reject(error));
  };
  worker.on('message', (reply: WorkerReply) =>
    settle(({ resolve, reject }) => (reply.ok ? resolve(reply) : reject(new Error(reply.message)))),
  );
  worker.on('error', endWith);
  worker.on('exit', (code) => endWith(new Error(`the compute thread ended (exit code ${code})`)));
  return {
    isAlive: () => ended === undefined,
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        waiting = { resolve, reject };
        worker.ref();
        worker.postMessage(request, movable(request));
      }),
    async end() {
      endWith(new Error('expected a live executor, got one that was disposed of'));
      await worker.terminate();
    },
  };
}

/** The bytes of a model are handed over; feeds stay the caller's and are copied. */
function movable(request: WorkerRequest): ArrayBuffer[] {
  const buffer = request.kind === 'open' ? request.model.buffer : undefined;
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}
