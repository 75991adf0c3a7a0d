import { Worker } from 'node:worker_threads';
import {
  checkFeeds,
  checkParams,
  type Executor,
  type Feeds,
  type Graph,
  type RunOptions,
  type Session,
} from '../graph/index.js';
import type { Weights } from '../tensor/index.js';
import { DeviceError } from './devices.js';
import { listNodeDevices, type NodeExecutorOptions } from './ort-node.js';
import type { WorkerReply, WorkerRequest } from './workerProtocol.js';

/** An executor with a thread of its own, which ends when the executor is disposed of. */
export interface WorkerExecutor extends Executor, AsyncDisposable {}

/**
 * ONNX Runtime in a worker thread: `run` there does not block this thread's event loop, so progress,
 * signals and other work go on. Two of them compute at the same time.
 * @throws DeviceError listing the devices there are.
 */
export function createWorkerExecutor(options: NodeExecutorOptions = {}): WorkerExecutor {
  const device = options.device ?? 'cpu';
  const available = listNodeDevices();
  if (!available.includes(device)) throw new DeviceError(device, available);
  const channel = openChannel(options);
  return {
    device,
    async load(graph: Graph, weights: Weights): Promise<Session> {
      checkParams(graph, weights);
      const needed = new Map(
        graph.params.flatMap(({ name }) => {
          const weight = weights.get(name);
          return weight ? [[name, weight] as const] : [];
        }),
      );
      const reply = await channel.ask({ kind: 'load', graph, weights: needed });
      return workerSession(channel, graph, reply.session);
    },
    [Symbol.asyncDispose]: () => channel.close(),
  };
}

function workerSession(channel: Channel, graph: Graph, session: number): Session {
  let disposed = false;
  return {
    async run(feeds: Feeds, { signal }: RunOptions = {}): Promise<Feeds> {
      if (disposed) throw new Error('expected a live session, got one that was disposed of');
      signal?.throwIfAborted();
      checkFeeds(graph, feeds);
      const reply = await channel.ask({ kind: 'run', session, feeds });
      signal?.throwIfAborted();
      return reply.outputs;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      if (disposed) return;
      disposed = true;
      await channel.ask({ kind: 'dispose', session });
    },
  };
}

type Request = WorkerRequest extends infer R
  ? R extends { id: number }
    ? Omit<R, 'id'>
    : never
  : never;
type Answer = Extract<WorkerReply, { ok: true }>;

interface Channel {
  ask(request: Request): Promise<Answer>;
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (reply: Answer) => void;
  readonly reject: (error: Error) => void;
}

function openChannel(options: NodeExecutorOptions): Channel {
  const worker = new Worker(new URL('./worker-entry-node.js', import.meta.url), {
    workerData: options,
  });
  const pending = new Map<number, Pending>();
  let nextId = 0;
  // An idle worker must not keep the process alive; one with work to do must.
  worker.unref();
  const settle = (id: number): Pending | undefined => {
    const found = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) worker.unref();
    return found;
  };
  const failAll = (error: Error): void => {
    for (const id of [...pending.keys()]) settle(id)?.reject(error);
  };
  worker.on('message', (reply: WorkerReply) => {
    const waiting = settle(reply.id);
    if (reply.ok) waiting?.resolve(reply);
    else waiting?.reject(new Error(reply.message));
  });
  worker.on('error', failAll);
  worker.on('exit', (code) => failAll(new Error(`the compute thread ended (exit code ${code})`)));
  return {
    ask(request) {
      return new Promise((resolve, reject) => {
        const id = nextId++;
        pending.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ ...request, id });
      });
    },
    async close() {
      await worker.terminate();
    },
  };
}
