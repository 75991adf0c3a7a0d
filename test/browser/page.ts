// The page under test: hosts executors that the tests reach through `nanosd`.
import { createWebExecutor, listWebDevices, type WebExecutorOptions } from '../../src/web.js';
import { bigNetwork } from '../executors/bigNetwork.js';
import {
  createHost,
  type Host,
  type RemoteReply,
  type RemoteRequest,
} from '../executors/remote.js';

export interface PageApi {
  listDevices(): Promise<string[]>;
  /** Opens a host whose executor is created with these options, and gives its number. */
  open(options: WebExecutorOptions): Promise<number>;
  /** Loads, runs and disposes of a network of 20 MiB, again and again. */
  cycle(options: WebExecutorOptions, times: number): Promise<void>;
  ask(host: number, requests: readonly RemoteRequest[]): Promise<RemoteReply[]>;
}

const hosts: Host[] = [];

const api: PageApi = {
  listDevices: listWebDevices,
  async open(options) {
    const host = await createHost((onFallback) => createWebExecutor({ ...options, onFallback }));
    return hosts.push(host) - 1;
  },
  async cycle(options, times) {
    const executor = await createWebExecutor(options);
    const { graph, weights, feeds, answer } = bigNetwork();
    for (let i = 0; i < times; i++) {
      await using session = await executor.load(graph, weights);
      const { y } = await session.run(feeds);
      if (y.data[0] !== answer) throw new Error(`expected ${answer}, got ${y.data[0]}`);
    }
  },
  ask: (host, requests) => hosts[host](requests),
};

Object.assign(globalThis, { nanosd: api });
