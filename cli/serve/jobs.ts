import type { Readable } from 'node:stream';
import type { Assignment } from './assignment.js';

export type JobStatus = 'waiting' | 'running' | 'done' | 'failed';

/** What a result is, beside its bytes. */
export interface ResultInfo {
  /** Its content type. */
  readonly type: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** What the photo had and the format of the result cannot hold. */
  readonly lost: readonly string[];
  readonly model: string;
  readonly task: string;
  readonly device: string;
  /** Of models with two sets of weights. */
  readonly fidelity?: number;
  /** Milliseconds of restoring. */
  readonly ms: number;
}

/** A job, as clients see it. */
export interface JobView {
  readonly id: string;
  readonly status: JobStatus;
  /** When it was accepted; all times are in ISO 8601. */
  readonly created: string;
  readonly started?: string;
  readonly finished?: string;
  /** When a finished job is forgotten. */
  readonly expires?: string;
  /** How many jobs and requests have their turn before it, while it waits. */
  readonly ahead?: number;
  /** In tiles, once they are known. */
  readonly progress?: { readonly done: number; readonly total: number };
  readonly result?: ResultInfo;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A result on its way out. Dispose of it when it is there. */
export interface OpenResult extends AsyncDisposable {
  readonly info: ResultInfo;
  stream(): Readable;
}

/** Restorations that nobody waits for on the line. */
export interface Jobs extends AsyncDisposable {
  /** @throws ApiError when too many wait. */
  submit(assignment: Assignment): Promise<JobView>;
  find(id: string): Promise<JobView | undefined>;
  /** Of a job that is done. */
  openResult(id: string): Promise<OpenResult | undefined>;
  /** Stops a job and forgets it; false where there is none. */
  remove(id: string): Promise<boolean>;
  /** Jobs by status. */
  counts(): Promise<ReadonlyMap<string, number>>;
  /** Takes no more jobs from a queue that others take from, too. */
  pause(): Promise<void>;
}
