// The process behind `distillSurrogates`: trains groups of surrogates, one group at a time.
import type { ChildReply, ChildRequest } from './childProtocol.js';
import type { SurrogateEvent } from './distillEvents.js';
import { trainSurrogates } from './trainSurrogates-node.js';
import { openWorkshop, type Workshop } from './workshop-node.js';

/** Steps are told of at most so often, in milliseconds. */
const interval = 100;

const stopping = new AbortController();
// A terminal sends signals to all processes of a command; the one that owns this says when to stop.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
// Nobody is left to tell: what was trained is saved.
process.on('disconnect', () => stopping.abort());

function reply(message: ChildReply): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) return resolve();
    process.send(message, undefined, {}, () => resolve());
  });
}

const onWarning = (message: string): void => void reply({ kind: 'warning', message });

let workshop: Workshop | null = null;

async function answer(request: Exclude<ChildRequest, { kind: 'stop' }>): Promise<void> {
  if (request.kind === 'open') {
    workshop = await openWorkshop(request.plan, { onWarning });
    return;
  }
  if (!workshop) throw new Error('expected to be told what to train from first');
  const told = new Map<string, number>();
  const isTooSoon = ({ kind, name }: SurrogateEvent): boolean => {
    if (kind !== 'step') return false;
    const now = performance.now();
    if (now - (told.get(name) ?? -Infinity) < interval) return true;
    told.set(name, now);
    return false;
  };
  for await (const event of trainSurrogates(workshop, request.surrogates, stopping.signal)) {
    if (!isTooSoon(event)) await reply({ kind: 'event', event });
  }
  await reply({ kind: 'idle' });
}

let work = Promise.resolve();
process.on('message', (request: ChildRequest) => {
  if (request.kind === 'stop') return stopping.abort();
  work = work
    .then(() => answer(request))
    .catch(async (error: unknown) => {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      await reply({ kind: 'broken', name, message });
      process.exit(1);
    });
});
process.on('disconnect', () => {
  void work.then(async () => {
    await workshop?.[Symbol.asyncDispose]();
    process.exit(0);
  });
});
