import type { Feeds, Graph } from '../graph/index.js';
import type { Weights } from '../tensor/index.js';

/** What a compute thread is asked; all of it plain data that structured cloning carries. */
export type WorkerRequest =
  | { readonly id: number; readonly kind: 'load'; readonly graph: Graph; readonly weights: Weights }
  | { readonly id: number; readonly kind: 'run'; readonly session: number; readonly feeds: Feeds }
  | { readonly id: number; readonly kind: 'dispose'; readonly session: number };

export type WorkerReply =
  | { readonly id: number; readonly ok: true; readonly session: number; readonly outputs: Feeds }
  | { readonly id: number; readonly ok: false; readonly message: string };
