import type * as BullMQ from 'bullmq';
import type { Redis } from 'ioredis';
import { ConfigError } from '../models/index.js';

/** What the queue is made with: packages that are loaded when somebody asks for one, and that may be absent. */
export interface QueuePackages {
  readonly bullmq: typeof BullMQ;
  readonly Redis: typeof Redis;
}

/** @throws ConfigError where they are not installed. */
export async function loadQueuePackages(): Promise<QueuePackages> {
  try {
    const [bullmq, ioredis] = [await import('bullmq'), await import('ioredis')];
    return { bullmq, Redis: ioredis.Redis };
  } catch (error) {
    const remedy = 'npm install bullmq ioredis';
    throw new ConfigError(
      `a queue needs the packages bullmq and ioredis, which are not installed (${remedy})`,
      { cause: error },
    );
  }
}

/** Milliseconds after which a server that does not answer counts as absent. */
const patience = 4000;

/**
 * Connects to Redis or Valkey, and sees that it answers. A connection that is lost later is made again, as often
 * as it takes; `onTrouble` hears of it.
 * @param url `redis://HOST:PORT`, with a password and a database where there are some, or `rediss://`.
 * @throws ConfigError for another url, and where no server answers within a few seconds.
 */
export async function connectRedis(
  { Redis: Client }: QueuePackages,
  url: string,
  onTrouble: (message: string) => void,
): Promise<Redis> {
  if (!/^rediss?:\/\/[^/\s]+/.test(url)) {
    throw new ConfigError(`queue: expected redis://HOST:PORT, got ${url}`);
  }
  await requireAnswer(Client, url);
  const redis = new Client(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(times * 200, 5000),
  });
  redis.on('error', (error: Error) => onTrouble(`${withoutPassword(url)}: ${error.message}`));
  return redis;
}

async function requireAnswer(Client: QueuePackages['Redis'], url: string): Promise<void> {
  const probe = new Client(url, {
    ...{ lazyConnect: true, connectTimeout: patience, maxRetriesPerRequest: 0 },
    retryStrategy: () => null,
  });
  let reason = `no answer in ${patience / 1000} s`;
  probe.on('error', (error: Error) => (reason = error.message));
  const timer = setTimeout(() => probe.disconnect(), patience);
  try {
    await probe.connect();
    await probe.ping();
  } catch (error) {
    const message =
      error instanceof Error && !/closed/i.test(error.message) ? error.message : reason;
    throw new ConfigError(
      `${withoutPassword(url)}: expected a Redis or Valkey server, got none (${message})`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    probe.disconnect();
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
