// An executor in another process or page, as seen from here: so that one suite tests them all.
import type { Executor, Feeds, Graph, Session } from '../../src/graph/index.js';
import type { Tensor } from '../../src/tensor/index.js';

export type RemoteRequest =
  | { readonly kind: 'load'; readonly graph: Graph; readonly weights: [string, Tensor][] }
  | { readonly kind: 'run'; readonly session: number; readonly run: number; readonly feeds: Feeds }
  | { readonly kind: 'abort'; readonly run: number; readonly reason: string }
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

/** The far side: answers requests with an executor that tells `onFallback`. */
export function createHost(
  create: (onFallback: OnFallback) => Promise<Executor>,
): (request: RemoteRequest) => Promise<RemoteReply> {
  const fallback: string[] = [];
  const sessions: Session[] = [];
  const runs = new Map<number, AbortController>();
  const executor = create((operators) => void fallback.push(...operators));
  const controllerOf = (run: number): AbortController => {
    const controller = runs.get(run) ?? new AbortController();
    runs.set(run, controller);
    return controller;
  };
  const answer = async (request: RemoteRequest): Promise<{ session: number; outputs: Feeds }> => {
    switch (request.kind) {
      case 'load': {
        const session = await (await executor).load(request.graph, new Map(request.weights));
        return { session: sessions.push(session) - 1, outputs: {} };
      }
      case 'run': {
        const { session, feeds, run } = request;
        const { signal } = controllerOf(run);
        return { session, outputs: await sessions[session].run(feeds, { signal }) };
      }
      case 'abort':
        controllerOf(request.run).abort(new Error(request.reason));
        return { session: 0, outputs: {} };
      case 'dispose':
        await sessions[request.session][Symbol.asyncDispose]();
        return { session: request.session, outputs: {} };
    }
  };
  return async (request) => {
    try {
      return { ok: true, ...(await answer(request)), fallback: fallback.splice(0) };
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  };
}

/** The near side. */
export function remoteExecutor(
  device: string,
  send: (request: RemoteRequest) => Promise<RemoteReply>,
  onFallback: OnFallback = () => undefined,
): Executor {
  let nextRun = 0;
  const ask = async (request: RemoteRequest): Promise<Extract<RemoteReply, { ok: true }>> => {
    const reply = await send(request);
    if (!reply.ok) throw new Error(reply.message);
    if (reply.fallback.length > 0) onFallback(reply.fallback);
    return reply;
  };
  return {
    device,
    async load(graph, weights) {
      const { session } = await ask({ kind: 'load', graph, weights: [...weights] });
      return {
        async run(feeds, { signal } = {}) {
          const run = nextRun++;
          const abort = (): void => {
            const reason = (signal?.reason as Error).message;
            void send({ kind: 'abort', run, reason });
          };
          if (signal?.aborted) abort();
          else signal?.addEventListener('abort', abort);
          return (await ask({ kind: 'run', session, run, feeds })).outputs;
        },
        async [Symbol.asyncDispose]() {
          await ask({ kind: 'dispose', session });
        },
      };
    },
  };
}
