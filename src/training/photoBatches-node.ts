import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  applyDegradation,
  cropImage,
  imresize,
  type Degradation,
  type Image,
} from '../image/index.js';
import { readImage } from '../image/sharp-node.js';
import { Random, tensor, type Tensor } from '../tensor/index.js';
import { copyCrop, packImage, type BytePlanes } from './crops.js';

export interface PhotoBatchOptions {
  /** Folders of photographs; sub-folders are not entered. */
  readonly folders: readonly string[];
  /** Side of the degraded crops, in pixels; targets are `scale` times as large. */
  readonly sampleSize: number;
  readonly scale: number;
  readonly degradation: Degradation;
  readonly seed: number;
  /** Decoded photographs kept in memory. */
  readonly cacheBytes: number;
}

/** Degraded crops [N, 3, s, s] and what they came from [N, 3, scale s, scale s], float32 in [0, 1]. */
export interface PhotoBatch {
  readonly sample: Tensor<'float32'>;
  readonly target: Tensor<'float32'>;
}

export interface PhotoBatches {
  readonly photos: number;
  /** Samples `first` to `first + count - 1` of the endless stream: the same every time. */
  read(first: number, count: number): Promise<PhotoBatch>;
}

interface DecodedPhoto {
  readonly target: BytePlanes;
  /** The whole photo degraded; null where every crop is degraded anew. */
  readonly sample: BytePlanes | null;
}

const extensions = /\.(jpe?g|png|webp|avif|tiff?)$/i;

/**
 * Opens an endless stream of random crops. Sample `i` depends on the seed and `i` alone, so a run resumes
 * at any step without stored state. Photos smaller than a crop are skipped when met.
 * @throws Error when the folders hold no photographs.
 */
export async function openPhotoBatches(options: PhotoBatchOptions): Promise<PhotoBatches> {
  const paths = await listPhotos(options.folders);
  if (paths.length === 0) {
    throw new Error(`expected photographs in ${options.folders.join(', ')}, got none`);
  }
  const decode = cachedDecoder(paths, options);
  const { sampleSize, scale } = options;
  const targetSize = sampleSize * scale;
  return {
    photos: paths.length,
    async read(first, count) {
      const sample = new Float32Array(count * 3 * sampleSize ** 2);
      const target = new Float32Array(count * 3 * targetSize ** 2);
      for (let i = 0; i < count; i++) {
        const random = Random.seeded(options.seed, first + i);
        const photo = await drawPhoto(decode, paths.length, random, targetSize);
        const at = { sample: i * 3 * sampleSize ** 2, target: i * 3 * targetSize ** 2 };
        copyPair(photo, options, random, { sample, target }, at);
      }
      return {
        sample: tensor('float32', [count, 3, sampleSize, sampleSize], sample),
        target: tensor('float32', [count, 3, targetSize, targetSize], target),
      };
    },
  };
}

async function listPhotos(folders: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder).catch(() => {
        throw new Error(`${folder}: expected a folder of photographs, got none`);
      });
      return names.filter((name) => extensions.test(name)).map((name) => join(folder, name));
    }),
  );
  return lists.flat().sort();
}

async function drawPhoto(
  decode: (index: number) => Promise<DecodedPhoto>,
  photos: number,
  random: Random,
  targetSize: number,
): Promise<DecodedPhoto> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const photo = await decode(random.integer(photos));
    const { width, height } = photo.target;
    if (width >= targetSize && height >= targetSize) return photo;
  }
  throw new Error(
    `expected photographs of at least ${targetSize} x ${targetSize} pixels, got smaller ones`,
  );
}

function copyPair(
  photo: DecodedPhoto,
  { sampleSize, scale, degradation }: PhotoBatchOptions,
  random: Random,
  out: { readonly sample: Float32Array; readonly target: Float32Array },
  at: { readonly sample: number; readonly target: number },
): void {
  const { target, sample } = photo;
  const left = random.integer(Math.floor(target.width / scale) - sampleSize + 1);
  const top = random.integer(Math.floor(target.height / scale) - sampleSize + 1);
  const orientation = random.integer(8);
  const size = sampleSize * scale;
  const crop = { left: left * scale, top: top * scale, size, orientation };
  copyCrop(target, crop, out.target, at.target);
  if (sample) {
    copyCrop(sample, { left, top, size: sampleSize, orientation }, out.sample, at.sample);
    return;
  }
  const pixels = out.target.slice(at.target, at.target + 3 * size * size);
  const clean: Image = { width: size, height: size, channels: 3, data: pixels };
  const degraded = applyDegradation(clean, degradation, random);
  const fitted =
    degraded.width === sampleSize && degraded.height === sampleSize
      ? degraded
      : imresize(degraded, { width: sampleSize, height: sampleSize });
  const whole = { left: 0, top: 0, size: sampleSize, orientation: 0 };
  copyCrop(packImage(fitted), whole, out.sample, at.sample);
}

/**
 * Decodes photos, keeping the most recently used ones within the byte limit. What bicubic shrinking does
 * does not depend on the crop, so it is done once a photo (away from crop borders, as benchmarks do it).
 */
function cachedDecoder(
  paths: readonly string[],
  { scale, degradation, cacheBytes }: PhotoBatchOptions,
): (index: number) => Promise<DecodedPhoto> {
  const cache = new Map<number, DecodedPhoto>();
  let bytes = 0;
  const sizeOf = ({ target, sample }: DecodedPhoto): number =>
    target.data.length + (sample?.data.length ?? 0);
  return async (index) => {
    const cached = cache.get(index);
    if (cached) {
      cache.delete(index);
      cache.set(index, cached);
      return cached;
    }
    const photo = await decodePhoto(paths[index], scale, degradation);
    cache.set(index, photo);
    bytes += sizeOf(photo);
    for (const [oldest, old] of cache) {
      if (bytes <= cacheBytes || oldest === index) break;
      cache.delete(oldest);
      bytes -= sizeOf(old);
    }
    return photo;
  };
}

async function decodePhoto(
  path: string,
  scale: number,
  degradation: Degradation,
): Promise<DecodedPhoto> {
  const image = await readImage(path);
  const [width, height] = [image.width, image.height].map((side) => side - (side % scale));
  if (width === 0 || height === 0) return { target: packImage(image), sample: null };
  const even = cropImage(image, 0, 0, width, height);
  const deterministic = degradation.kind === 'bicubic';
  const sample = deterministic ? packImage(imresize(even, { scale: 1 / degradation.scale })) : null;
  return { target: packImage(even), sample };
}
