// Draws the pictures of docs/degradations.md: `npx tsx tools/renderExample.ts small.png scene.png`, then
// `npx tsx tools/renderDegradations.ts scene.png`. Each shows a good crop and what two draws make of it.
import { mkdir, writeFile } from 'node:fs/promises';
import {
  cropImage,
  degradationPresets,
  degradationSchema,
  degradePair,
  imageToBytes,
  imresize,
  Random,
  resizeNearest,
  type Image,
} from 'nanosd';
import { readImage, sharpCodec } from 'nanosd/node';
import sharp from 'sharp';

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: npx tsx tools/renderDegradations.ts SCENE');
  process.exit(2);
}
const [width, height] = [220, 150];
const folder = 'docs/images/degradations';

/** Kinds as the page shows them: strong enough to be seen. */
const kinds: Readonly<Record<string, object>> = {
  bicubic: { kind: 'bicubic', scale: 4 },
  resize: { kind: 'resize', factor: 0.25, kernels: ['bilinear'], aliased: 1 },
  blur: { kind: 'blur', sigma: [0.5, 3], isotropic: false },
  sinc: { kind: 'sinc', cutoff: [0.8, 1.5] },
  motion: { kind: 'motion', extent: [10, 30] },
  defocus: { kind: 'defocus', radius: [2, 5], variation: [0, 0.5] },
  sharpen: { kind: 'sharpen', radius: 11, sigma: 1.8, weight: [1, 3], threshold: 0 },
  noise: { kind: 'noise', sigma: [10, 30], gray: 0.5 },
  poisson: { kind: 'poisson', scale: [1, 2.5] },
  camera_noise: { kind: 'camera_noise', shot: [2e-3, 8e-3], processed: 0.5 },
  grain: { kind: 'grain', sigma: [15, 30], size: [0.5, 1.2] },
  fade: { kind: 'fade' },
  halftone: { kind: 'halftone', amount: [0.4, 0.8] },
  scan_lines: { kind: 'scan_lines', depth: [0.2, 0.4] },
  jpeg: { kind: 'jpeg', quality: [8, 25] },
  webp: { kind: 'webp', quality: [5, 20] },
  avif: { kind: 'avif', quality: [8, 25] },
  diff_jpeg: { kind: 'diff_jpeg', quality: [8, 25] },
  palette: { kind: 'palette', levels: [4, 6] },
  half_chroma: { kind: 'half_chroma' },
};

const scene = await readImage(path);
const good = cropImage(scene, 300, 250, width, height);

/** A strip of the good crop and two draws, each at the good one's size. */
async function strip(degradation: unknown, scale: number): Promise<Buffer> {
  const parsed = degradationSchema.parse(degradation);
  const pictures = [good];
  for (const seed of [1, 2]) {
    const options = { scale, codec: sharpCodec };
    const { sample } = await degradePair(good, parsed, Random.seeded(seed), options);
    pictures.push(enlarged(sample));
  }
  const raw = { width, height, channels: 3 } as const;
  const tiles = pictures.map((picture, i) => ({
    input: Buffer.from(imageToBytes(picture)),
    ...{ raw, left: i * (width + 4), top: 0 },
  }));
  const background = { r: 255, g: 255, b: 255 };
  return sharp({ create: { width: 3 * width + 8, height, channels: 3, background } })
    .composite(tiles)
    .webp({ quality: 82 })
    .toBuffer();
}

function enlarged(image: Image): Image {
  if (image.width === width) return image;
  const nearest = resizeNearest(image, { scale: Math.round(width / image.width) });
  return imresize(nearest, { width, height, kernel: 'box' });
}

await mkdir(folder, { recursive: true });
for (const [name, kind] of Object.entries(kinds)) {
  await writeFile(`${folder}/${name}.webp`, await strip(kind, 1));
}
for (const name of degradationPresets) {
  await writeFile(`${folder}/preset-${name}.webp`, await strip(name, 2));
}
