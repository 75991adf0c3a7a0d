import type { Session } from '../graph/index.js';
import { clampImage, createImage, type Image } from '../image/index.js';
import type { Autoencoder } from '../models/index.js';
import { tensor, toFloat32, type Shape } from '../tensor/index.js';
import { requireNumbers } from './requireNumbers.js';

/** What latents are multiplied with before the U-Net sees them. */
export function latentScale({ className, config }: Autoencoder): number {
  return className === 'AutoencoderTiny' ? 1 : config.scalingFactor;
}

/** The latents `[1, C, h, w]` of an image [3, H, W] in [0, 1], on the U-Net's scale: the mean of what the encoder makes of it. */
export async function encodeImage(
  session: Session,
  vae: Autoencoder,
  image: Image,
): Promise<Float32Array> {
  const { width, height, channels, data } = image;
  const pixels = data.map((x) => 2 * x - 1);
  const sample = tensor('float32', [1, channels, height, width], pixels);
  const outputs = await session.run({ sample });
  const isTiny = vae.className === 'AutoencoderTiny';
  const moments = toFloat32(isTiny ? outputs.latents : outputs.latent_parameters);
  requireNumbers(moments, "the VAE's encoder");
  if (isTiny) return moments;
  const scale = latentScale(vae);
  return moments.slice(0, moments.length / 2).map((x) => x * scale);
}

/** The image [3, H, W] in [0, 1] of latents `[1, C, h, w]` on the U-Net's scale. */
export async function decodeLatents(
  session: Session,
  vae: Autoencoder,
  latents: Float32Array,
  shape: Shape,
): Promise<Image> {
  const scale = latentScale(vae);
  const unscaled = tensor(
    'float32',
    shape,
    latents.map((x) => x / scale),
  );
  const { sample } = await session.run({ latent_sample: unscaled });
  const [, channels, height, width] = sample.shape;
  requireNumbers(toFloat32(sample), "the VAE's decoder");
  const pixels = toFloat32(sample).map((x) => x / 2 + 0.5);
  return clampImage(createImage(width, height, channels, pixels));
}
