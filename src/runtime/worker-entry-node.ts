// The thread behind `createWorkerExecutor`: it is asked one thing at a time.
import { parentPort, workerData } from 'node:worker_threads';
import type { Feeds } from '../graph/index.js';
import { createNodeEngine } from './engine-node.js';
import type { Opened } from './engine.js';
import type { WorkerData, WorkerReply, WorkerRequest } from './workerProtocol.js';

const { engine: options, unanswered } = workerData as WorkerData;
const engine = createNodeEngine(options);
const sessions = new Map<number, Opened>();
let opened = 0;

async function answer(request: WorkerRequest): Promise<{ session: number; outputs: Feeds }> {
  if (request.kind === 'open') {
    const session = opened++;
    const { model, placement, data, memory } = request;
    sessions.set(session, await engine.open(model, placement, data, memory));
    return { session, outputs: {} };
  }
  const { session } = request;
  const found = sessions.get(session);
  if (!found) throw new Error(`expected a live session, got ${session}`);
  if (request.kind === 'run') return { session, outputs: await found.run(request.feeds) };
  sessions.delete(session);
  await found.release();
  return { session, outputs: {} };
}

function reply(message: WorkerReply): void {
  const outputs = message.ok ? Object.values(message.outputs) : [];
  const buffers = new Set(outputs.map(({ data }) => data.buffer));
  const movable = [...buffers].filter((buffer) => buffer instanceof ArrayBuffer);
  // Before the answer: the next question may come at once, and is counted then.
  Atomics.sub(unanswered, 0, 1);
  Atomics.notify(unanswered, 0);
  parentPort?.postMessage(message, movable);
}

parentPort?.on('message', (request: WorkerRequest) => {
  answer(request).then(
    (result) => reply({ ok: true, ...result }),
    (error: unknown) =>
      reply({ ok: false, message: error instanceof Error ? error.message : String(error) }),
  );
});

// The engine has been loaded: from here on the thread may be ended.
reply({ ok: true, session: -1, outputs: {} });
