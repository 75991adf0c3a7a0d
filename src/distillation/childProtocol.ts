import type { SurrogateEvent } from './distillEvents.js';
import type { DistillPlan } from './distillPlan.js';
import type { Surrogate } from './surrogate.js';

/** What the process that owns a run asks of one that trains. */
export type ChildRequest =
  | { readonly kind: 'open'; readonly plan: DistillPlan }
  /** Answered by `idle` when all of them have ended, well or not. */
  | { readonly kind: 'train'; readonly surrogates: readonly Surrogate[] }
  | { readonly kind: 'stop' };

export type ChildReply =
  | { readonly kind: 'event'; readonly event: SurrogateEvent }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'idle' }
  /** Nothing can be trained: what was thrown. */
  | { readonly kind: 'broken'; readonly name: string; readonly message: string };
