import type { SurrogateReport } from './surrogateReport.js';

/** What the training of one surrogate tells; `name` as `surrogateName` gives it. */
export type SurrogateEvent =
  /** `error`: the relative error that it starts with; `step`: updates that an earlier run has done. */
  | {
      readonly kind: 'started';
      readonly name: string;
      readonly step: number;
      readonly error: number;
    }
  | {
      readonly kind: 'step';
      readonly name: string;
      readonly step: number;
      readonly loss: number;
      readonly ms: number;
    }
  | { readonly kind: 'finished'; readonly name: string; readonly report: SurrogateReport }
  /** A checkpoint was written. */
  | { readonly kind: 'saved'; readonly name: string; readonly step: number }
  /** Asked to stop; the checkpoint is of that step. */
  | { readonly kind: 'stopped'; readonly name: string; readonly step: number }
  /** The others go on. */
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };

/** What a whole run tells. */
export type DistillEvent =
  | SurrogateEvent
  | { readonly kind: 'warning'; readonly message: string }
  /** Before training: photographs as latents, and batches of the teacher's features on disk. */
  | {
      readonly kind: 'latents' | 'features';
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly kind: 'planned';
      /** Names of surrogates to train, and of those that are finished already. */
      readonly pending: readonly string[];
      readonly finished: readonly string[];
      readonly steps: number;
    }
  | {
      readonly kind: 'done';
      /** Of all surrogates that were asked for. */
      readonly finished: number;
      readonly failed: readonly string[];
      readonly stopped: boolean;
    };
