import type { CallName, Calls, Fraction, Reply, Request } from './protocol.js';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Fraction) => void;
  readonly transfer?: Transferable[];
}

/** The page's end of its worker. */
export interface RestoreClient {
  /**
   * Asks the worker. An aborted signal rejects at once with its reason; the worker stops when it can.
   * @throws WorkerFailure with what went wrong there.
   */
  call<N extends CallName>(
    name: N,
    args: Calls[N]['args'],
    options?: CallOptions,
  ): Promise<Calls[N]['result']>;
}

/** What failed in the worker, under the name of the error there. */
export class WorkerFailure extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

interface Pending {
  readonly resolve: (result: Calls[CallName]['result']) => void;
  readonly reject: (reason: Error) => void;
  readonly onProgress: ((progress: Fraction) => void) | undefined;
}

export function startRestoreClient(): RestoreClient {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const { port1: port, port2 } = new MessageChannel();
  const pending = new Map<number, Pending>();
  let lastId = 0;
  worker.postMessage(null, [port2]);
  worker.addEventListener('error', ({ message }) => {
    const failure = new WorkerFailure('WorkerError', message || 'the worker could not be started');
    for (const { reject } of pending.values()) reject(failure);
    pending.clear();
  });
  port.onmessage = ({ data }: MessageEvent<Reply>) => {
    const call = pending.get(data.id);
    if (data.kind === 'progress') {
      call?.onProgress?.(data.progress);
      return;
    }
    pending.delete(data.id);
    if (data.kind === 'result') call?.resolve(data.result);
    else call?.reject(new WorkerFailure(data.name, data.message));
  };
  return {
    call<N extends CallName>(name: N, args: Calls[N]['args'], options: CallOptions = {}) {
      const { signal, onProgress, transfer = [] } = options;
      const id = ++lastId;
      return new Promise<Calls[N]['result']>((resolve, reject) => {
        signal?.throwIfAborted();
        const cancel = (): void => {
          port.postMessage({ id, name: 'cancel' } satisfies Request);
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', cancel, { once: true });
        const settle = (): void => signal?.removeEventListener('abort', cancel);
        pending.set(id, {
          // The worker answers each call by its name.
          resolve: (result) => (settle(), resolve(result)),
          reject: (reason) => (settle(), reject(reason)),
          onProgress,
        });
        port.postMessage({ id, name, args }, transfer);
      });
    },
  };
}
