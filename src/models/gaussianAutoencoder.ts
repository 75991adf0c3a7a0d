import type { GraphBuilder, Value } from '../graph/index.js';
import { buildDecoder, buildEncoder } from './autoencoderKL.js';
import { buildNanosdDecoder, buildNanosdEncoder } from './nanosdAutoencoder.js';
import type { Network, NetworkOf } from './network.js';

/** A VAE whose encoder gives a Gaussian in every cell of the latent; its latents are scaled by `scalingFactor`. */
export type GaussianAutoencoder = NetworkOf<'AutoencoderKL' | 'NanoSDAutoencoder'>;

export function isGaussianAutoencoder(network: Network): network is GaussianAutoencoder {
  const { className } = network;
  return className === 'AutoencoderKL' || className === 'NanoSDAutoencoder';
}

/** Adds the encoder to a graph: `sample` `[N, C, H, W]` in [-1, 1] to `[N, 2 latentChannels, h, w]`, which `gaussianMoments` takes apart. */
export function buildLatentParameters(
  b: GraphBuilder,
  { className, config }: GaussianAutoencoder,
  sample: Value,
): Value {
  return className === 'AutoencoderKL'
    ? buildEncoder(b, config, sample)
    : buildNanosdEncoder(b, config, sample);
}

/** Adds the decoder to a graph: latents `[N, latentChannels, h, w]`, not scaled, to `[N, C, H, W]` in about [-1, 1]. */
export function buildDecodedSample(
  b: GraphBuilder,
  { className, config }: GaussianAutoencoder,
  latent: Value,
): Value {
  return className === 'AutoencoderKL'
    ? buildDecoder(b, config, latent)
    : buildNanosdDecoder(b, config, latent);
}
