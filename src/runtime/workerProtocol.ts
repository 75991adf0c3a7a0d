import type { NodeEngineOptions } from './engine-node.js';
import type { Feeds } from '../graph/index.js';
import type { MemoryUse, ModelData, Placement } from './engine.js';

/** What a compute thread starts with. */
export interface WorkerData {
  readonly engine: NodeEngineOptions;
  /** How many questions have no answer yet, which can be waited for without an event loop; 1 while the thread loads its engine. */
  readonly unanswered: Int32Array;
}

/** What a compute thread is asked; all of it plain data that structured cloning carries. */
export type WorkerRequest =
  | {
      readonly kind: 'open';
      readonly model: Uint8Array;
      readonly placement: Placement;
      readonly data: ModelData | undefined;
      readonly memory: MemoryUse | undefined;
    }
  | { readonly kind: 'run'; readonly session: number; readonly feeds: Feeds }
  | { readonly kind: 'release'; readonly session: number };

/** Its answer: the number of the session opened, or the outputs of the run. The first one, to nothing, says that it has loaded its engine. */
export type WorkerReply =
  | { readonly ok: true; readonly session: number; readonly outputs: Feeds }
  | { readonly ok: false; readonly message: string };
