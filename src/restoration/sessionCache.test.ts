import { describe, expect, it } from 'vitest';
import type { Session } from '../graph/index.js';
import { createSessionCache } from './sessionCache.js';

function recorder(limit: number) {
  const log: string[] = [];
  const load = (width: number, height: number): Promise<Session> => {
    log.push(`load ${width}x${height}`);
    return Promise.resolve({
      run: () => Promise.resolve({}),
      [Symbol.asyncDispose]: () => {
        log.push(`dispose ${width}x${height}`);
        return Promise.resolve();
      },
    });
  };
  return { log, cache: createSessionCache(limit, load) };
}

describe('a session cache', () => {
  it('loads a shape once, and disposes of the one not used for longest', async () => {
    const { log, cache } = recorder(2);
    for (const [width, height] of [
      [8, 8],
      [8, 4],
      [8, 8],
      [4, 4],
      [8, 8],
      [8, 4],
    ]) {
      await cache.get(width, height);
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
    const { log, cache } = recorder(3);
    await cache.get(1, 1);
    await cache.get(2, 2);
    await cache[Symbol.asyncDispose]();
    await cache[Symbol.asyncDispose]();
    expect(log.slice(2)).toEqual(['dispose 1x1', 'dispose 2x2']);
  });
});
