// An executor in another process or page, as seen from here: so that one suite tests them all.
import type { Executor, Feeds, Graph, Session } from '../../src/graph/index.js';
import type { Tensor } from '../../src/tensor/index.js';

export type RemoteRequest =
  | { readonly kind: 'load'; readonly graph: Graph; readonly weights: [string, Tensor][] }
  | { readonly kind: 'run'; readonly session: number; readonly run: number; readonly feeds: Feeds }
  | {
      readonly kind: 'abort';
      readonly session: number;
      readonly run: number;
      readonly reason: string;
    }
  | { readonly kind: 'dispose'; readonly session: number };

export type RemoteReply =
  | {
      readonly ok: true;
      readonly session: number;
      readonly outputs: Feeds;
      /** The operators that a load left to the CPU. */
      readonly fallback: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

export type OnFallback = (operators: readonly string[]) => void;

/** Takes what was asked for in one turn of the event loop together, as it would have come there. */
export type Host = (requests: readonly RemoteRequest[]) => Promise<RemoteReply[]>;

/** The far side: answers requests with an executor that tells `onFallback`. */
export async function createHost(
  create: (onFallback: OnFallback) => Promise<Executor>,
): Promise<Host> {
  const fallback: string[] = [];
  const sessions: Session[] = [];
  const runs = new Map<string, AbortController>();
  const executor = await create((operators) => void fallback.push(...operators));
  const controllerOf = ({ session, run }: { session: number; run: number }): AbortController => {
    const key = `${session}, ${run}`;
    const controller = runs.get(key) ?? new AbortController();
    runs.set(key, controller);
    return controller;
  };
  const answer = async (request: RemoteRequest): Promise<{ session: number; outputs: Feeds }> => {
    switch (request.kind) {
      case 'load': {
        const session = await executor.load(request.graph, new Map(request.weights));
        return { session: sessions.push(session) - 1, outputs: {} };
      }
      case 'run': {
        const { session, feeds } = request;
        const { signal } = controllerOf(request);
        return { session, outputs: await sessions[session].run(feeds, { signal }) };
      }
      case 'abort':
        controllerOf(request).abort(new Error(request.reason));
        return { session: request.session, outputs: {} };
      case 'dispose':
        await sessions[request.session][Symbol.asyncDispose]();
        return { session: request.session, outputs: {} };
    }
  };
  const reply = async (request: RemoteRequest): Promise<RemoteReply> => {
    try {
      return { ok: true, ...(await answer(request)), fallback: fallback.splice(0) };
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  };
  return (requests) => Promise.all(requests.map(reply));
}

/** The near side. */
export function remoteExecutor(
  device: string,
  host: Host,
  onFallback: OnFallback = () => undefined,
): Executor {
  let nextRun = 0;
  const send = inBatches(host);
  const ask = async (request: RemoteRequest): Promise<Extract<RemoteReply, { ok: true }>> => {
    const reply = await send(request);
    if (!reply.ok) throw new Error(reply.message);
    if (reply.fallback.length > 0) onFallback(reply.fallback);
    return reply;
  };
  const run = async (session: number, feeds: Feeds, signal?: AbortSignal): Promise<Feeds> => {
    const id = nextRun++;
    const abort = (): void => {
      void send({ kind: 'abort', session, run: id, reason: (signal?.reason as Error).message });
    };
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort);
    return (await ask({ kind: 'run', session, run: id, feeds })).outputs;
  };
  return {
    device,
    async load(graph, weights) {
      const { session } = await ask({ kind: 'load', graph, weights: [...weights] });
      return {
        run: (feeds, { signal } = {}) => run(session, feeds, signal),
        async [Symbol.asyncDispose]() {
          await ask({ kind: 'dispose', session });
        },
      };
    },
  };
}

function inBatches(host: Host): (request: RemoteRequest) => Promise<RemoteReply> {
  let requests: RemoteRequest[] = [];
  let replies: Promise<RemoteReply[]> | undefined;
  return async (request) => {
    const place = requests.push(request) - 1;
    replies ??= Promise.resolve().then(() => {
      const batch = requests;
      requests = [];
      replies = undefined;
      return host(batch);
    });
    return (await replies)[place];
  };
}
