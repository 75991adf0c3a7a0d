import { dirname, join } from 'node:path';
import { resolvePresets } from '../../../image/index.js';
import type { PhotoFile } from '../../data/photoFile.js';
import type { PhotoBatchOptions } from '../../data/photoBatches-node.js';
import { photosFingerprint } from '../../data/photoFolder-node.js';
import type { PoolOptions } from '../../data/pool/poolBatches-node.js';
import { poolPlace } from '../../data/pool/poolFolder-node.js';
import { fileSamples } from '../../data/pool/poolPlan.js';
import type { PoolPlan } from '../../data/pool/preparePool-node.js';
import type { RestorerRun } from './config.js';

/** Changes when photographs, crops and degradations give other samples for the same seed. */
const SAMPLES_VERSION = 1;

/** How a config draws crops of photographs and makes them worse. */
export function cropsOf(
  { data, model, seed, teacher }: RestorerRun,
  photos: readonly PhotoFile[],
): PhotoBatchOptions {
  return {
    photos,
    sampleSize: data.sample_size,
    scale: model.scale,
    degradation: data.degradation,
    seed,
    cacheBytes: data.cache_megabytes * 1e6,
    ...(data.crop_candidates !== undefined && { candidates: data.crop_candidates }),
    ...(teacher && {
      teacher: { path: teacher.model, noiseLevel: teacher.noise_level ?? null },
    }),
  };
}

/**
 * The pool that a config asks for: a folder of its own for everything that decides what its samples are. `teacher` is the fingerprint
 * of the network whose answers it holds, if any.
 */
export async function planPool(
  { output_dir, data, model }: RestorerRun,
  crops: PhotoBatchOptions,
  settings: NonNullable<RestorerRun['data']['pool']>,
  teacher: string | null,
): Promise<PoolPlan> {
  const identity = {
    version: SAMPLES_VERSION,
    scale: model.scale,
    sample_size: data.sample_size,
    // As it is written out: a preset is a name, whose meaning may be another in another version.
    degradation: resolvePresets(data.degradation, model.scale),
    crop_candidates: data.crop_candidates ?? 1,
    photos: await photosFingerprint(crops.photos),
    ...(teacher !== null && { teacher }),
  };
  const pictures = teacher === null ? ['target'] : ['target', 'teacher'];
  const planes = [
    { name: 'sample', channels: 3, side: data.sample_size },
    ...pictures.map((name) => ({ name, channels: 3, side: data.sample_size * model.scale })),
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
