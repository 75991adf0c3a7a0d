import type { Session } from '../graph/index.js';

/** Sessions by what they are for, of which the most recently used few stay loaded. */
export interface SessionCache extends AsyncDisposable {
  /** The session under a key, loaded where it is not there yet. One call at a time. */
  get(key: string, load: () => Promise<Session>): Promise<Session>;
}

export function createSessionCache(limit: number): SessionCache {
  const sessions = new Map<string, Session>();
  return {
    async get(key, load) {
      const session = sessions.get(key) ?? (await load());
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
