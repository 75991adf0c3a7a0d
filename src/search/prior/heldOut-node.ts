import { cropImage, type Image } from '../../image/index.js';
import { ConfigError } from '../../models/index.js';
import { Random } from '../../tensor/index.js';
import { readPhotoFile } from '../../training/data/photoFolder-node.js';
import type { PhotoFile } from '../../training/data/photoFile.js';

/**
 * Windows of photographs, `count` of a side: of all photographs that are large enough, in turn, at places that the seed decides.
 * @throws ConfigError when none is large enough.
 */
export async function drawWindows(
  photos: readonly PhotoFile[],
  side: number,
  count: number,
  seed: number,
): Promise<Image[]> {
  const large: Image[] = [];
  for (const photo of photos) {
    const image = await readPhotoFile(photo);
    if (Math.min(image.width, image.height) >= side) large.push(image);
  }
  if (large.length === 0) {
    throw new ConfigError(`expected a photograph of at least ${side}x${side} pixels, got none`);
  }
  return Array.from({ length: count }, (_, i) => {
    const random = Random.seeded(seed, i);
    const image = large[i % large.length];
    const place = (length: number): number => random.integer(length - side + 1);
    return cropImage(image, place(image.width), place(image.height), side, side);
  });
}
