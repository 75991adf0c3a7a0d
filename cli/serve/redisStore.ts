import type { Redis } from 'ioredis';
import { Readable } from 'node:stream';
import { UsageError } from '../terminal/failures.js';
import { ApiError } from './apiError.js';

/** What all servers of a queue keep beside it in Redis: photos, results, and which jobs have been cancelled. */
export interface RedisStore extends AsyncDisposable {
  /** A connection that fails rather than waits. */
  readonly client: Redis;
  /** A connection that waits for as long as it takes; the caller disposes of it. */
  connectPatiently(): Redis;
  putPhoto(id: string, photo: Uint8Array): Promise<void>;
  takePhoto(id: string): Promise<Uint8Array | undefined>;
  putResult(id: string, result: Uint8Array, seconds: number): Promise<void>;
  hasResult(id: string): Promise<boolean>;
  readResult(id: string, size: number): Readable;
  /** Removes all there is of a job, and tells whoever works on it. */
  cancel(id: string): Promise<void>;
  isCancelled(id: string): Promise<boolean>;
  onCancel(listener: (id: string) => void): Promise<void>;
}

export const redisPrefix = 'nanosd';
const CANCELLED = `${redisPrefix}:cancelled`;
/** Seconds that a photo waits for its turn at most. */
const PHOTO_SECONDS = 24 * 3600;
const CHUNK = 2 ** 20;
/** Milliseconds between attempts to connect again, at most. */
const RETRY_MS = 2000;

const photoKey = (id: string) => `${redisPrefix}:photo:${id}`;
const resultKey = (id: string) => `${redisPrefix}:result:${id}`;
const cancelledKey = (id: string) => `${CANCELLED}:${id}`;

interface Patience {
  readonly maxRetriesPerRequest: number | null;
  readonly enableOfflineQueue?: boolean;
  readonly lazyConnect?: boolean;
}

/**
 * Connects to a Redis.
 * @throws UsageError when there is none, or the packages for it are not installed.
 */
export async function openRedisStore(
  url: string,
  onTrouble: (message: string) => void,
): Promise<RedisStore> {
  const connections: Redis[] = [];
  const { Redis: Client } = await importRedis();
  let trouble = 'no answer';
  let isClosed = false;
  // BullMQ makes copies of connections, which would try for ever.
  const retryStrategy = (times: number) => (isClosed ? null : Math.min(100 * times, RETRY_MS));
  const open = (options: Patience): Redis => {
    const client = new Client(url, { connectTimeout: 5000, retryStrategy, ...options });
    // Of every trouble once, and not of one that ends the command anyway.
    let wasWell = false;
    client.on('error', (error: Error) => {
      trouble = error.message;
      if (wasWell) onTrouble(trouble);
      wasWell = false;
    });
    client.on('ready', () => (wasWell = true));
    connections.push(client);
    return client;
  };
  const hasty = { enableOfflineQueue: false, maxRetriesPerRequest: 1, lazyConnect: true };
  const client = open(hasty);
  const close = (): Promise<void> => {
    isClosed = true;
    for (const one of connections) one.disconnect();
    return Promise.resolve();
  };
  await client.connect().catch((error: unknown) => {
    client.disconnect();
    throw new UsageError(`expected a Redis at ${withoutPassword(url)}, got: ${trouble}`, {
      cause: error,
    });
  });
  return {
    client,
    connectPatiently: () => open({ maxRetriesPerRequest: null }),
    ...storage(client),
    async onCancel(listener) {
      const subscriber = open({ maxRetriesPerRequest: null });
      subscriber.on('message', (_, id: string) => listener(id));
      await subscriber.subscribe(CANCELLED);
    },
    [Symbol.asyncDispose]: close,
  };
}

async function importRedis(): Promise<{ readonly Redis: typeof Redis }> {
  try {
    return await import('ioredis');
  } catch (error) {
    throw new UsageError('expected bullmq and ioredis for --redis; npm install bullmq ioredis', {
      cause: error,
    });
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}

function storage(client: Redis) {
  return {
    async putPhoto(id: string, photo: Uint8Array) {
      await client.set(photoKey(id), Buffer.from(photo), 'EX', PHOTO_SECONDS);
    },
    async takePhoto(id: string) {
      return (await client.getBuffer(photoKey(id))) ?? undefined;
    },
    async putResult(id: string, result: Uint8Array, seconds: number) {
      const lifetime = Math.max(1, Math.ceil(seconds));
      await client.set(resultKey(id), Buffer.from(result), 'EX', lifetime);
      await client.del(photoKey(id));
    },
    async hasResult(id: string) {
      return (await client.exists(resultKey(id))) === 1;
    },
    readResult: (id: string, size: number) => Readable.from(chunks(client, resultKey(id), size)),
    async cancel(id: string) {
      await client.set(cancelledKey(id), '1', 'EX', PHOTO_SECONDS);
      await client.del(photoKey(id), resultKey(id));
      await client.publish(CANCELLED, id);
    },
    async isCancelled(id: string) {
      return (await client.exists(cancelledKey(id))) === 1;
    },
  };
}

/** So that a download holds little memory. */
async function* chunks(client: Redis, key: string, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += CHUNK) {
    const chunk = await client.getrangeBuffer(key, at, Math.min(size, at + CHUNK) - 1);
    if (chunk.length === 0) throw new Error('the result expired while it was sent');
    yield chunk;
  }
}

/** @throws ApiError where Redis fails. */
export async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const message = 'expected to reach the queue of jobs; try again, or use /v1/restore';
    throw new ApiError(503, 'queue_unreachable', message, { 'Retry-After': '5' });
  }
}
