import type { PhotoLimits } from './assignment.js';
import type { Holdings } from './body.js';
import type { Jobs } from './jobs.js';
import type { RestoreContext } from './restoreTask.js';
import type { Shelf } from './shelf.js';

/** Everything that answers are made of. */
export interface Service extends RestoreContext {
  readonly version: string;
  readonly limits: PhotoLimits;
  readonly shelf: Shelf;
  readonly holdings: Holdings;
  readonly jobs: Jobs;
  readonly isStopping: () => boolean;
}
