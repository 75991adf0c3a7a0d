import type { Tensor } from '../../src/index.js';
import type { Workload } from './workload.js';

export type BenchRequest =
  | {
      readonly kind: 'open';
      readonly workload: Workload;
      readonly weights: readonly (readonly [string, SentTensor])[];
      readonly threads: number;
    }
  | { readonly kind: 'run'; readonly count: number };

/** Numbers only: what a test driver can send. */
export type SentTensor = Pick<Tensor, 'shape'> & { readonly data: readonly number[] };

/** The milliseconds of each run; none of an opening. */
export type BenchReply = readonly number[];
