import { createRequire } from 'node:module';
import type { CheckPhoto } from './photos.js';
import type { ServerProcess } from './serverProcess.js';

/** What 200 clients at a time met. */
export interface LoadReport {
  readonly requestsPerSecond: number;
  readonly latencyMs: { readonly median: number; readonly p99: number; readonly max: number };
  /** Answers by code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Connections that broke or timed out. */
  readonly errors: number;
  /** Answers that were compared byte by byte with what the command makes, and those that differed. */
  readonly compared: number;
  readonly wrong: readonly string[];
  /** Megabytes resident: means of quarters of the time, and the most there was. */
  readonly rss: { readonly quarters: readonly number[]; readonly most: number };
}

/** Of the clients, those that look at what they get. */
const VERIFYING = 10;
const SHARES = 2;

export async function load(
  server: ServerProcess,
  photos: readonly CheckPhoto[],
  connections: number,
  seconds: number,
): Promise<LoadReport> {
  const end = Date.now() + seconds * 1000;
  const codes: Record<string, number> = {};
  const wrong: string[] = [];
  const counted = { compared: 0 };
  const each = (connections - VERIFYING) / SHARES;
  const shares = photos.slice(0, SHARES).map((photo) => fire(server.url, photo, each, seconds));
  const verifiers = Array.from({ length: VERIFYING }, async (_, i) => {
    for (let turn = i; Date.now() < end; turn++) {
      const photo = photos[turn % photos.length];
      const { status, bytes } = await restore(server.url, photo);
      codes[status] = (codes[status] ?? 0) + 1;
      if (status !== 200) continue;
      counted.compared++;
      if (!bytes.equals(photo.expected)) wrong.push(photo.name);
    }
  });
  const memory = watchMemory(server, end);
  const results = await Promise.all(shares);
  await Promise.all(verifiers);
  for (const { statusCodeStats } of results) {
    for (const [code, { count }] of Object.entries(statusCodeStats)) {
      codes[code] = (codes[code] ?? 0) + count;
    }
  }
  const latencies = results.map(({ latency }) => latency);
  const all = Object.values(codes).reduce((sum, count) => sum + count, 0);
  return {
    requestsPerSecond: all / seconds,
    latencyMs: {
      median: Math.max(...latencies.map(({ p50 }) => p50)),
      p99: Math.max(...latencies.map(({ p99 }) => p99)),
      max: Math.max(...latencies.map(({ max }) => max)),
    },
    codes,
    errors: results.reduce((sum, { errors, timeouts }) => sum + errors + timeouts, 0),
    compared: counted.compared,
    wrong,
    rss: await memory,
  };
}

async function restore(url: string, { bytes }: CheckPhoto) {
  const body = new Uint8Array(bytes);
  const response = await fetch(new URL('/v1/restore', url), { method: 'POST', body });
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
}

interface AutocannonResult {
  readonly statusCodeStats: Readonly<Record<string, { readonly count: number }>>;
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly errors: number;
  readonly timeouts: number;
}

type Autocannon = (options: object) => Promise<AutocannonResult>;

const autocannon = createRequire(import.meta.url)('autocannon') as Autocannon;

/** Through its API: its command reads a body from a file as text, which no photo survives. */
function fire(
  url: string,
  { bytes, format }: CheckPhoto,
  connections: number,
  seconds: number,
): Promise<AutocannonResult> {
  return autocannon({
    url: new URL('/v1/restore', url).href,
    method: 'POST',
    headers: { 'content-type': `image/${format}` },
    body: Buffer.from(bytes),
    ...{ connections, duration: seconds, timeout: 60 },
  });
}

async function watchMemory(server: ServerProcess, end: number) {
  const start = Date.now();
  const seen: { readonly quarter: number; readonly rss: number }[] = [];
  while (Date.now() < end) {
    const quarter = Math.floor((4 * (Date.now() - start)) / (end - start));
    seen.push({ quarter, rss: await server.rss() });
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const quarters = [0, 1, 2, 3].map((quarter) => {
    const values = seen.filter((one) => one.quarter === quarter).map(({ rss }) => rss);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
  return { quarters, most: Math.max(...seen.map(({ rss }) => rss)) };
}
