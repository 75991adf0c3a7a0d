import { describe, expect, it } from 'vitest';
import type { Session } from '../graph/index.js';
import { createSessionCache } from './sessionCache.js';

function recorder() {
  const log: string[] = [];
  const load = (key: string): Promise<Session> => {
    log.push(`load ${key}`);
    return Promise.resolve({
      run: () => Promise.resolve({}),
      [Symbol.asyncDispose]: () => {
        log.push(`dispose ${key}`);
        return Promise.resolve();
      },
    });
  };
  return { log, load };
}

describe('a session cache', () => {
  it('loads a shape once, and disposes of the one not used for longest', async () => {
    const { log, load } = recorder();
    const cache = createSessionCache(2);
    for (const key of ['8x8', '8x4', '8x8', '4x4', '8x8', '8x4']) {
      await cache.get(key, () => load(key));
    }
    expect(log).toEqual([
      'load 8x8',
      'load 8x4',
      'load 4x4',
      'dispose 8x4',
      'load 8x4',
      'dispose 4x4',
    ]);
  });

  it('disposes of all that is loaded, once', async () => {
    const { log, load } = recorder();
    const cache = createSessionCache(3);
    for (const key of ['1x1', '2x2']) await cache.get(key, () => load(key));
    await cache[Symbol.asyncDispose]();
    await cache[Symbol.asyncDispose]();
    expect(log.slice(2)).toEqual(['dispose 1x1', 'dispose 2x2']);
  });
});
