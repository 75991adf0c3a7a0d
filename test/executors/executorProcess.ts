// A process that hosts an executor of the device it is named; see `remote.ts`.
import type * as Node from '../../src/node.js';
import { createHost, type RemoteRequest } from './remote.js';

/** Devices are tried by compiled code. */
const built = new URL('../../dist/src/node.js', import.meta.url);
const { createNodeExecutor } = (await import(built.href)) as typeof Node;

const [device] = process.argv.slice(2);
const host = await createHost((onFallback) =>
  Promise.resolve(createNodeExecutor({ device, onFallback })),
);

process.on('message', ({ id, requests }: { id: number; requests: RemoteRequest[] }) => {
  void host(requests).then((replies) => process.send?.({ id, replies }));
});
