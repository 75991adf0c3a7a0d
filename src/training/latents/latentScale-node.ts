import { GraphBuilder, type Executor } from '../../graph/index.js';
import { cropImage } from '../../image/index.js';
import { buildEncoder, gaussianMoments, type AutoencoderKLConfig } from '../../models/index.js';
import { tensor, toFloat64, type Weights } from '../../tensor/index.js';
import type { PhotoFile } from '../data/photoFile.js';
import { readPhotoFile } from '../data/photoFolder-node.js';
import { toSigned } from '../objectives/autoencoder/loss.js';

/** So many photographs of a list, evenly spread, are enough for three digits. */
const PHOTOS = 256;

/**
 * What latents have to be multiplied with to have a deviation of one, as latent diffusion models want them:
 * measured on the middles of photographs, squares of `side` pixels. Latents are those that training would
 * draw, less their noise.
 * @throws Error when no photograph is that large.
 */
export async function measureScalingFactor(
  executor: Executor,
  weights: Weights,
  config: AutoencoderKLConfig,
  { photos, side }: { readonly photos: readonly PhotoFile[]; readonly side: number },
): Promise<number> {
  const b = new GraphBuilder();
  const sample = b.input('sample', [1, config.inChannels, side, side]);
  const { mean } = gaussianMoments(b, buildEncoder(b, config, toSigned(b, sample)));
  await using session = await executor.load({ ...b.build({ mean }), taps: [] }, weights);
  let [count, sum, squares] = [0, 0, 0];
  for (const file of evenly(photos, PHOTOS)) {
    const photo = await readPhotoFile(file);
    if (Math.min(photo.width, photo.height) < side) continue;
    const [left, top] = [photo.width, photo.height].map((length) => (length - side) >> 1);
    const { data } = cropImage(photo, left, top, side, side);
    const run = await session.run({ sample: tensor('float32', [1, 3, side, side], data) });
    for (const value of toFloat64(run.mean)) {
      count += 1;
      sum += value;
      squares += value * value;
    }
  }
  if (count === 0) throw new Error(`expected photographs of at least ${side} x ${side} pixels`);
  const deviation = Math.sqrt(squares / count - (sum / count) ** 2);
  return Number((1 / deviation).toPrecision(5));
}

function evenly<T>(list: readonly T[], count: number): T[] {
  const step = Math.max(1, list.length / count);
  return Array.from({ length: Math.min(count, list.length) }, (_, i) => list[Math.floor(i * step)]);
}
