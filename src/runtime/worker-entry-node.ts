// The thread behind `createWorkerExecutor`: answers requests one after another.
import { parentPort, workerData } from 'node:worker_threads';
import type { Feeds, Session } from '../graph/index.js';
import { createNodeExecutor, type NodeExecutorOptions } from './ort-node.js';
import type { WorkerReply, WorkerRequest } from './workerProtocol.js';

const executor = createNodeExecutor(workerData as NodeExecutorOptions);
const sessions = new Map<number, Session>();

async function answer(request: WorkerRequest): Promise<{ session: number; outputs: Feeds }> {
  if (request.kind === 'load') {
    sessions.set(request.id, await executor.load(request.graph, request.weights));
    return { session: request.id, outputs: {} };
  }
  const session = sessions.get(request.session);
  if (!session) throw new Error('expected a live session, got one that was disposed of');
  if (request.kind === 'run') {
    return { session: request.session, outputs: await session.run(request.feeds) };
  }
  sessions.delete(request.session);
  await session[Symbol.asyncDispose]();
  return { session: request.session, outputs: {} };
}

parentPort?.on('message', (request: WorkerRequest) => {
  const { id } = request;
  const reply = (message: WorkerReply): void => parentPort?.postMessage(message);
  answer(request).then(
    (result) => reply({ id, ok: true, ...result }),
    (error: unknown) =>
      reply({ id, ok: false, message: error instanceof Error ? error.message : String(error) }),
  );
});
