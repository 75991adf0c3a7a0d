import type { Session } from '../graph/index.js';

/** Whether networks stay loaded, or each makes room for the next. */
export type Residency = 'all' | 'one';

export type NetworkRole = 'encoder' | 'unet' | 'decoder';

/** Loaded networks by role. One call at a time. */
export interface LoadedNetworks extends AsyncDisposable {
  /** The session of a role; where it is loaded for another `key`, such as a size, that one makes room. */
  get(role: NetworkRole, key: string, load: () => Promise<Session>): Promise<Session>;
  /** What `get` does from now on; `all` at first. */
  keep(residency: Residency): void;
}

export function createLoadedNetworks(): LoadedNetworks {
  const loaded = new Map<NetworkRole, { readonly key: string; readonly session: Session }>();
  let kept: Residency = 'all';
  const release = async (role: NetworkRole): Promise<void> => {
    const entry = loaded.get(role);
    loaded.delete(role);
    await entry?.session[Symbol.asyncDispose]();
  };
  return {
    async get(role, key, load) {
      const present = loaded.get(role);
      for (const other of [...loaded.keys()]) {
        const makesRoom = other === role ? present?.key !== key : kept === 'one';
        if (makesRoom) await release(other);
      }
      if (present?.key === key) return present.session;
      const session = await load();
      loaded.set(role, { key, session });
      return session;
    },
    keep(residency) {
      kept = residency;
    },
    async [Symbol.asyncDispose]() {
      for (const role of [...loaded.keys()]) await release(role);
    },
  };
}
