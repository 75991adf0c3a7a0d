import type { Session } from '../graph/index.js';

/** Sessions by input shape, of which the most recently used few stay loaded. */
export interface SessionCache extends AsyncDisposable {
  /** The session of a shape, loaded where it is not there yet. One call at a time. */
  get(width: number, height: number): Promise<Session>;
}

export function createSessionCache(
  limit: number,
  load: (width: number, height: number) => Promise<Session>,
): SessionCache {
  const sessions = new Map<string, Session>();
  return {
    async get(width, height) {
      const key = `${width}x${height}`;
      const session = sessions.get(key) ?? (await load(width, height));
      // A map keeps the order of insertion, so the first key is the one not used for longest.
      sessions.delete(key);
      sessions.set(key, session);
      for (const [oldest, unused] of sessions) {
        if (sessions.size <= limit) break;
        sessions.delete(oldest);
        await unused[Symbol.asyncDispose]();
      }
      return session;
    },
    async [Symbol.asyncDispose]() {
      const loaded = [...sessions.values()];
      sessions.clear();
      for (const session of loaded) await session[Symbol.asyncDispose]();
    },
  };
}
