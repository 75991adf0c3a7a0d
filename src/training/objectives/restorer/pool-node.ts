import { dirname, join } from 'node:path';
import type { PhotoBatchOptions } from '../../data/photoBatches-node.js';
import { photosFingerprint } from '../../data/photoFolder-node.js';
import type { PoolOptions } from '../../data/pool/poolBatches-node.js';
import { poolPlace } from '../../data/pool/poolFolder-node.js';
import { fileSamples } from '../../data/pool/poolPlan.js';
import type { PoolPlan } from '../../data/pool/preparePool-node.js';
import type { RestorerTraining } from './config.js';

/** Changes when photographs, crops and degradations give other samples for the same seed. */
const SAMPLES_VERSION = 1;

/** The pool that a config asks for: a folder of its own for everything that decides what its samples are. */
export async function planPool(
  { output_dir, data, model }: RestorerTraining,
  crops: PhotoBatchOptions,
  settings: NonNullable<RestorerTraining['data']['pool']>,
): Promise<PoolPlan> {
  const identity = {
    version: SAMPLES_VERSION,
    scale: model.scale,
    sample_size: data.sample_size,
    degradation: data.degradation,
    crop_candidates: data.crop_candidates ?? 1,
    photos: await photosFingerprint(crops.photos),
  };
  const planes = [
    { name: 'sample', channels: 3, side: data.sample_size },
    { name: 'target', channels: 3, side: data.sample_size * model.scale },
  ];
  const { samples, refresh, megabytes } = settings;
  const folder = settings.folder ?? join(dirname(output_dir), 'pools');
  const place = poolPlace(folder, identity, planes, fileSamples(planes, samples));
  const options: PoolOptions = {
    ...{ place, samples, refresh },
    // Runs with other seeds share a pool, so its own does not depend on theirs.
    crops: { ...crops, seed: place.key },
    limitBytes: megabytes * 1e6,
  };
  return { options, identity };
}

/** What of a pool decides which samples a run sees, besides its config. */
export function describePool({ samples, refresh }: PoolOptions): string {
  return `${samples} samples, ${refresh} of them new in each pass`;
}
