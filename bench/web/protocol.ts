import type { RestorerConfig, Tensor } from '../../src/index.js';

export type BenchRequest =
  | {
      readonly kind: 'open';
      readonly config: RestorerConfig;
      readonly weights: readonly (readonly [string, SentTensor])[];
      readonly side: number;
      readonly threads: number;
    }
  | { readonly kind: 'run'; readonly count: number };

/** Numbers only: what a test driver can send. */
export type SentTensor = Pick<Tensor, 'shape'> & { readonly data: readonly number[] };

export type BenchReply = readonly number[];
