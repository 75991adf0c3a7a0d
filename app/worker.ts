// Restores pictures in a thread of its own. One request runs after the other; a cancelled one stops at its next tile.
import { convertRestored, createRestorer, listWebDevices, type WebRestorer } from '../src/web.js';
import type {
  CallName,
  Calls,
  Fraction,
  OpenArgs,
  OpenedModel,
  Reply,
  Request,
  RestoreArgs,
  RestoredPhoto,
} from './protocol.js';

interface Context {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Fraction) => void;
}

type Handlers = {
  readonly [N in CallName]: (
    args: Calls[N]['args'],
    context: Context,
  ) => Promise<Calls[N]['result']>;
};

function createHandlers(): Handlers {
  let opened: WebRestorer | undefined;
  const current = (): WebRestorer => {
    if (opened) return opened;
    throw new Error('expected a model to be open');
  };
  return {
    listDevices: () => listWebDevices(),
    async open(args, context) {
      await opened?.[Symbol.asyncDispose]();
      opened = undefined;
      const { restorer, model } = await openModel(args, context);
      opened = restorer;
      return model;
    },
    restore: (args, context) => restorePhoto(current(), args, context),
    async convert({ restored, original, ...options }) {
      const start = performance.now();
      const written = await convertRestored(restored, original, options);
      return { ...written, ms: performance.now() - start };
    },
    async restoreFrame(frame, { signal }) {
      const start = performance.now();
      const restored = current().restore(frame, { signal, tile: WHOLE_FRAME });
      const pixels = await restored.finally(() => frame.close());
      return { ms: performance.now() - start, bitmap: await createImageBitmap(pixels) };
    },
  };
}

/** Frames are small, and one tile has the least overhead. */
const WHOLE_FRAME = 512;

async function openModel(
  { model: source, device, threads }: OpenArgs,
  { signal, onProgress }: Context,
): Promise<{ restorer: WebRestorer; model: OpenedModel }> {
  let rejected: OpenedModel['rejected'] = null;
  const restorer = await createRestorer({
    model: source,
    device,
    threads,
    signal,
    onDownload: ({ loaded, total }) => onProgress({ done: loaded, total }),
    onDeviceFallback: (fallback) => (rejected = fallback),
  });
  const { scale, task } = restorer;
  const model = { device: restorer.device, threads, scale, task, rejected };
  return { restorer, model };
}

async function restorePhoto(
  restorer: WebRestorer,
  { file, ...options }: RestoreArgs,
  { signal, onProgress }: Context,
): Promise<RestoredPhoto> {
  const start = performance.now();
  const restored = await restorer.restoreFile(file, { ...options, signal, onProgress });
  return { ...restored, ms: performance.now() - start };
}

function serve(port: MessagePort): void {
  const handlers = createHandlers();
  const running = new Map<number, AbortController>();
  let last: Promise<unknown> = Promise.resolve();
  const answer = async (request: Request): Promise<void> => {
    if (request.name === 'cancel') {
      running.get(request.id)?.abort();
      return;
    }
    const { id } = request;
    const controller = new AbortController();
    running.set(id, controller);
    const send = (reply: Reply, transfer: Transferable[] = []): void =>
      port.postMessage(reply, transfer);
    const context: Context = {
      signal: controller.signal,
      onProgress: (progress) => send({ id, kind: 'progress', progress }),
    };
    const turn = last.then(() => handle(handlers, request, context));
    last = turn.catch(() => undefined);
    try {
      const result = await turn;
      const bitmaps = 'bitmap' in result ? [result.bitmap] : [];
      send({ id, kind: 'result', result }, bitmaps);
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      send({ id, kind: 'failure', name, message });
    } finally {
      running.delete(id);
    }
  };
  port.onmessage = ({ data }: MessageEvent<Request>) => void answer(data);
}

function handle(
  handlers: Handlers,
  request: Exclude<Request, { name: 'cancel' }>,
  context: Context,
): Promise<Calls[CallName]['result']> {
  context.signal.throwIfAborted();
  switch (request.name) {
    case 'listDevices':
      return handlers.listDevices(request.args, context);
    case 'open':
      return handlers.open(request.args, context);
    case 'restore':
      return handlers.restore(request.args, context);
    case 'convert':
      return handlers.convert(request.args, context);
    case 'restoreFrame':
      return handlers.restoreFrame(request.args, context);
  }
}

addEventListener('message', ({ ports: [port] }: MessageEvent) => serve(port), { once: true });
