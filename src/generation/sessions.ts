import type { Session } from '../graph/index.js';

/** Whether networks stay loaded, or each makes room for the next. */
export type Residency = 'all' | 'one';

/** Loaded networks by role, such as `unet`. One call at a time. */
export interface LoadedNetworks extends AsyncDisposable {
  /** The session of a role; `key` tells what it is loaded for apart, such as a size. */
  get(role: string, key: string, load: () => Promise<Session>): Promise<Session>;
}

interface Loaded {
  readonly key: string;
  readonly session: Session;
}

/** Networks that are loaded when they are first needed; one of another key, or another one at all, makes room. */
export function createLoadedNetworks(residency: Residency): LoadedNetworks {
  const loaded = new Map<string, Loaded>();
  const release = async (role: string): Promise<void> => {
    const entry = loaded.get(role);
    loaded.delete(role);
    await entry?.session[Symbol.asyncDispose]();
  };
  return {
    async get(role, key, load) {
      const present = loaded.get(role);
      if (present?.key === key) return present.session;
      for (const other of [...loaded.keys()]) {
        if (other === role || residency === 'one') await release(other);
      }
      const session = await load();
      loaded.set(role, { key, session });
      return session;
    },
    async [Symbol.asyncDispose]() {
      for (const role of [...loaded.keys()]) await release(role);
    },
  };
}
