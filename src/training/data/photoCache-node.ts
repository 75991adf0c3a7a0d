import { cropImage, imresize, type Degradation } from '../../image/index.js';
import type { PhotoFile } from './photoFile.js';
import { readPhotoFile } from './photoFolder-node.js';
import { packImage, type BytePlanes } from './crops.js';

export interface PhotoCacheOptions {
  readonly photos: readonly PhotoFile[];
  /** Output pixels a side for one degraded pixel. */
  readonly scale: number;
  /** Null: crops stay as they are. */
  readonly degradation: Degradation | null;
  /** Decoded photographs kept in memory. */
  readonly cacheBytes: number;
}

export interface DecodedPhoto {
  /** Sides are multiples of the scale. */
  readonly target: BytePlanes;
  /** The whole photo degraded; null where every crop is degraded anew, or none is. */
  readonly sample: BytePlanes | null;
}

export interface PhotoCache {
  /** Null for a photograph that cannot be used; the reason is told once. */
  take(index: number): Promise<DecodedPhoto | null>;
  /** Photographs found to be of no use so far. */
  readonly unusable: number;
}

/**
 * Decodes photos, keeping the most recently used ones within the byte limit. What bicubic shrinking does
 * does not depend on the crop, so it is done once a photo (away from crop borders, as benchmarks do it).
 * Photos that are damaged, or have a side below `smallestSide`, are reported and left out.
 */
export function openPhotoCache(
  options: PhotoCacheOptions,
  smallestSide: number,
  onUnusable: (reason: string) => void,
): PhotoCache {
  const { photos, cacheBytes } = options;
  const cache = new Map<number, DecodedPhoto>();
  const unusable = new Set<number>();
  let bytes = 0;
  const leaveOut = (index: number, reason: string): null => {
    unusable.add(index);
    onUnusable(`${reason}; the photograph is left out`);
    return null;
  };
  const keep = (index: number, photo: DecodedPhoto): void => {
    cache.delete(index);
    cache.set(index, photo);
    for (const [oldest, old] of cache) {
      if (bytes <= cacheBytes || oldest === index) break;
      cache.delete(oldest);
      bytes -= bytesOf(old);
    }
  };
  return {
    get unusable() {
      return unusable.size;
    },
    async take(index) {
      if (unusable.has(index)) return null;
      const cached = cache.get(index);
      const photo = cached ?? (await decodePhoto(photos[index], options).catch(reasonOf));
      if (typeof photo === 'string') return leaveOut(index, photo);
      const { width, height } = photo.target;
      if (Math.min(width, height) < smallestSide) {
        const wanted = `at least ${smallestSide} x ${smallestSide} pixels`;
        return leaveOut(
          index,
          `${photos[index].path}: expected ${wanted}, got ${width} x ${height}`,
        );
      }
      if (!cached) bytes += bytesOf(photo);
      keep(index, photo);
      return photo;
    },
  };
}

function bytesOf({ target, sample }: DecodedPhoto): number {
  return target.data.length + (sample?.data.length ?? 0);
}

/** Errors about images name the file. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function decodePhoto(
  photo: PhotoFile,
  { scale, degradation }: PhotoCacheOptions,
): Promise<DecodedPhoto> {
  const image = await readPhotoFile(photo);
  const [width, height] = [image.width, image.height].map((side) => side - (side % scale));
  if (width === 0 || height === 0) return { target: packImage(image), sample: null };
  const even = cropImage(image, 0, 0, width, height);
  if (degradation?.kind !== 'bicubic') return { target: packImage(even), sample: null };
  const sample = packImage(imresize(even, { scale: 1 / degradation.scale }));
  return { target: packImage(even), sample };
}
