import { createImage, Random, type Image } from 'nanosd';

/** Slopes, edges and grain, as in photographs. */
export function scene(width: number, height: number): Image {
  const random = Random.seeded(3);
  const image = createImage(width, height, 3);
  const size = width * height;
  for (let i = 0; i < size; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const slope = 0.3 + (0.3 * x) / width + 0.1 * Math.sin(y / 40);
    const edge = Math.sin(x / 17 + y / 29) > 0.6 ? 0.2 : 0;
    const grain = 0.06 * (random.uniform() - 0.5);
    for (let c = 0; c < 3; c++) image.data[c * size + i] = slope + edge * (1 - 0.3 * c) + grain;
  }
  return image;
}
