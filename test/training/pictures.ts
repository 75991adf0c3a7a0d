import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createImage, type Image } from '../../src/image/index.js';
import { writeImage } from '../../src/image/sharp-node.js';
import { Random } from '../../src/tensor/index.js';

/** A smooth picture of waves in random directions: every crop differs, and shrinking keeps its shape. */
export function wavesPicture(width: number, height: number, seed: number): Image {
  const random = Random.seeded(seed);
  const image = createImage(width, height, 3);
  for (let channel = 0; channel < 3; channel++) {
    const [kx, ky, phase] = [random.uniform(-0.3, 0.3), random.uniform(-0.3, 0.3), seed];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const wave = Math.sin(kx * x + ky * y + phase) + Math.cos(kx * y - ky * x);
        image.data[(channel * height + y) * width + x] = 0.5 + 0.2 * wave;
      }
    }
  }
  return image;
}

/** Writes `count` pictures as PNG and returns their paths. */
export async function writePictures(
  folder: string,
  count: number,
  side: number,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths = Array.from({ length: count }, (_, i) => join(folder, `photo-${i}.png`));
  for (const [i, path] of paths.entries()) await writeImage(path, wavesPicture(side, side, i + 1));
  return paths;
}
