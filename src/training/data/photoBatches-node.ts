import { ImageFileError } from '../../image/sharp-node.js';
import { sharpCodec } from '../../image/degradations/codec-node.js';
import { degradePair, imresize, type Image } from '../../image/index.js';
import { Random, tensor, type Tensor } from '../../tensor/index.js';
import { openTeacherAnswers, type TeacherOptions } from './teacherAnswers-node.js';
import { copyCrop, cropDetail, packImage, type Crop } from './crops.js';
import { createDataClock, type DataClock } from './dataCosts.js';
import {
  openPhotoCache,
  type DecodedPhoto,
  type PhotoCache,
  type PhotoCacheOptions,
} from './photoCache-node.js';

export interface PhotoBatchOptions extends PhotoCacheOptions {
  /** Side of the degraded crops, in pixels; targets are `scale` times as large (1 where nothing is degraded). */
  readonly sampleSize: number;
  readonly seed: number;
  /** Crops to draw for each one, of which the most detailed is taken: flat ones teach little. 1 unless given. */
  readonly candidates?: number;
  /** Whose answers to the degraded crops are given as well. */
  readonly teacher?: TeacherOptions;
}

/**
 * Degraded crops [N, 3, s, s] and what they came from [N, 3, scale s, scale s], float32 in [0, 1]; one and the
 * same tensor where nothing is degraded.
 */
export interface PhotoBatch {
  readonly sample: Tensor<'float32'>;
  readonly target: Tensor<'float32'>;
  /** What a teacher makes of the sample, of the target's shape; where there is a teacher. */
  readonly teacher?: Tensor<'float32'>;
}

export interface PhotoBatches {
  /**
   * Samples `first` to `first + count - 1` of the endless stream: the same every time.
   * @throws ImageFileError when no photograph can be used.
   */
  read(first: number, count: number): Promise<PhotoBatch>;
}

/**
 * Opens an endless stream of random crops. Sample `i` depends on the photographs, the seed and `i` alone, so
 * a run resumes at any step without stored state. Photographs that are damaged or smaller than a crop are
 * left out; `onUnusable` hears of each once.
 */
export function openPhotoBatches(
  options: PhotoBatchOptions,
  onUnusable: (reason: string) => void,
  clock: DataClock = createDataClock(),
): PhotoBatches {
  const { sampleSize, scale, degradation, seed } = options;
  const answers = options.teacher && openTeacherAnswers(options.teacher, scale);
  const targetSize = sampleSize * scale;
  const cache = openPhotoCache(options, targetSize, onUnusable);
  return {
    async read(first, count) {
      const target = new Float32Array(count * 3 * targetSize ** 2);
      const sample = degradation ? new Float32Array(count * 3 * sampleSize ** 2) : target;
      for (let i = 0; i < count; i++) {
        const random = Random.seeded(seed, first + i);
        const drawn = await clock.timeAsync('decode', () => drawCrop(cache, options, random));
        const at = { sample: i * 3 * sampleSize ** 2, target: i * 3 * targetSize ** 2 };
        await copyPair(drawn, options, random, { sample, target }, at, clock);
      }
      const targets = tensor('float32', [count, 3, targetSize, targetSize], target);
      const samples = degradation
        ? tensor('float32', [count, 3, sampleSize, sampleSize], sample)
        : targets;
      const pair = { sample: samples, target: targets };
      return answers ? { ...pair, teacher: await answers(samples) } : pair;
    },
  };
}

async function drawPhoto(cache: PhotoCache, photos: number, random: Random): Promise<DecodedPhoto> {
  while (cache.unusable < photos) {
    const photo = await cache.take(random.integer(photos));
    if (photo) return photo;
  }
  throw new ImageFileError(`expected photographs to train on, got ${photos} that cannot be used`);
}

interface DrawnCrop {
  readonly photo: DecodedPhoto;
  /** Of the degraded photo, or what would be it. */
  readonly crop: Crop;
}

async function drawCrop(
  cache: PhotoCache,
  { sampleSize, scale, photos, candidates = 1 }: PhotoBatchOptions,
  random: Random,
): Promise<DrawnCrop> {
  let [best, most]: [DrawnCrop | undefined, number] = [undefined, 0];
  for (let i = 0; i < candidates; i++) {
    const photo = await drawPhoto(cache, photos.length, random);
    const { width, height } = photo.target;
    const left = random.integer(width / scale - sampleSize + 1);
    const top = random.integer(height / scale - sampleSize + 1);
    const crop = { left, top, size: sampleSize, orientation: random.integer(8) };
    const detail = candidates === 1 ? 0 : cropDetail(photo.target, enlarged(crop, scale));
    if (best && detail <= most) continue;
    [best, most] = [{ photo, crop }, detail];
  }
  if (!best) throw new RangeError(`expected at least one candidate, got ${candidates}`);
  return best;
}

function enlarged({ left, top, size, orientation }: Crop, scale: number): Crop {
  return { left: left * scale, top: top * scale, size: size * scale, orientation };
}

async function copyPair(
  { photo, crop }: DrawnCrop,
  { sampleSize, scale, degradation }: PhotoBatchOptions,
  random: Random,
  out: { readonly sample: Float32Array; readonly target: Float32Array },
  at: { readonly sample: number; readonly target: number },
  clock: DataClock,
): Promise<void> {
  const { target, sample } = photo;
  clock.time('pack', () => copyCrop(target, enlarged(crop, scale), out.target, at.target));
  if (!degradation) return;
  if (sample) {
    clock.time('pack', () => copyCrop(sample, crop, out.sample, at.sample));
    return;
  }
  const size = sampleSize * scale;
  const pixels = out.target.slice(at.target, at.target + 3 * size * size);
  const clean: Image = { width: size, height: size, channels: 3, data: pixels };
  const pair = await clock.timeAsync('degrade', () =>
    degradePair(clean, degradation, random, { scale, codec: sharpCodec }),
  );
  const whole = { left: 0, top: 0, size: sampleSize, orientation: 0 };
  clock.time('pack', () => {
    copyCrop(packImage(fit(pair.sample, sampleSize)), whole, out.sample, at.sample);
  });
  // What is not to be undone is done to the target as well.
  if (pair.target !== clean) out.target.set(pair.target.data, at.target);
}

/** Degradations that leave the size free end at the network's. */
function fit(image: Image, side: number): Image {
  if (image.width === side && image.height === side) return image;
  return imresize(image, { width: side, height: side });
}
