import { Worker } from 'node:worker_threads';
import type { NodeEngineOptions } from './engine-node.js';
import type { WorkerData, WorkerReply, WorkerRequest } from './workerProtocol.js';

type Answer = Extract<WorkerReply, { ok: true }>;

/** A compute thread, which is asked one thing at a time. */
export interface Thread {
  isAlive(): boolean;
  ask(request: WorkerRequest): Promise<Answer>;
  /** Lets it answer what it was asked, and no more. */
  end(): Promise<void>;
}

export function startThread(engine: NodeEngineOptions): Thread {
  // It begins by loading native code, and says when that is done: an answer that nobody has to ask for.
  const unanswered = new Int32Array(new SharedArrayBuffer(4)).fill(1);
  const workerData: WorkerData = { engine, unanswered };
  // Flags of this process, such as those of `node --eval`, may not suit a file.
  const options = { workerData, execArgv: [] };
  const worker = new Worker(new URL('./worker-entry-node.js', import.meta.url), options);
  let ended: Error | undefined;
  const loaded = nextReply(worker);
  let answered: Promise<unknown> = loaded.catch(() => undefined);
  // Node aborts the whole process when it ends a thread inside native code.
  const finishFirst = (): void => void Atomics.wait(unanswered, 0, 1);
  process.on('exit', finishFirst);
  const ending = (error: Error): void => {
    process.off('exit', finishFirst);
    ended ??= error;
  };
  worker.on('error', ending);
  worker.on('exit', (code) => ending(new Error(`the compute thread ended (exit code ${code})`)));
  // An idle worker must not keep the process alive; one with work to do must.
  worker.unref();
  const ask = async (request: WorkerRequest): Promise<Answer> => {
    if (ended) throw ended;
    worker.ref();
    try {
      await loaded;
      Atomics.add(unanswered, 0, 1);
      // Nothing is handed over: once a thread has given a buffer away, V8 checks every access to a typed array in
      // it for that, and the optimizer, which runs here, takes a third longer.
      worker.postMessage(request);
      const reply = await nextReply(worker);
      if (reply.ok) return reply;
      throw new Error(reply.message);
    } finally {
      worker.unref();
    }
  };
  return {
    isAlive: () => ended === undefined,
    ask(request) {
      const answer = ask(request);
      answered = answer.catch(() => undefined);
      return answer;
    },
    async end() {
      ended ??= new Error('expected a live executor, got one that was disposed of');
      worker.ref();
      await answered;
      await worker.terminate();
    },
  };
}

function nextReply(worker: Worker): Promise<WorkerReply> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => settle(() => reject(error));
    const exit = (code: number): void =>
      fail(new Error(`the compute thread ended (exit code ${code})`));
    const message = (reply: WorkerReply): void => settle(() => resolve(reply));
    const settle = (outcome: () => void): void => {
      worker.off('message', message).off('error', fail).off('exit', exit);
      outcome();
    };
    worker.on('message', message).on('error', fail).on('exit', exit);
  });
}
