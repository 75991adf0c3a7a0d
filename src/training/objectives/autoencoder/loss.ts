import { GraphBuilder, type Graph, type Value } from '../../../graph/index.js';
import {
  buildDecoder,
  buildEncoder,
  gaussianKl,
  gaussianMoments,
  gaussianSample,
  latentFactor,
  type AutoencoderKLConfig,
} from '../../../models/index.js';
import { elementCount } from '../../../tensor/index.js';
import { totalLoss, type WeightedLoss } from '../../losses/losses.js';

export interface AutoencoderLossOptions {
  /** Crops in a batch, and their side in pixels. */
  readonly batch: number;
  readonly side: number;
  /** Between reconstruction and crop, both in [-1, 1]. */
  readonly losses: readonly WeightedLoss[];
  /** Of the divergence summed over a sample's latent, a value of the crop (as latent diffusion weighs it). */
  readonly klWeight: number;
}

/**
 * What an autoencoder is trained by: inputs `sample` `[N, 3, side, side]` in [0, 1] and `noise`, standard
 * normal, of `latentNoiseShape`; scalar output `loss`, reconstruction and divergence from the standard normal
 * distribution (Kingma and Welling 2014; Rombach et al. 2022, appendix G).
 */
export function autoencoderLossGraph(
  config: AutoencoderKLConfig,
  options: AutoencoderLossOptions,
): Graph {
  const { batch, side, losses, klWeight } = options;
  const b = new GraphBuilder();
  const sample = toSigned(b, b.input('sample', [batch, config.inChannels, side, side]));
  const gaussian = gaussianMoments(b, buildEncoder(b, config, sample));
  const noise = b.input('noise', latentNoiseShape(config, options));
  const reconstruction = buildDecoder(b, config, gaussianSample(b, gaussian, noise));
  const distance = totalLoss(b, losses, reconstruction, sample);
  const divergence = b.reshape(b.reduceMean(gaussianKl(b, gaussian), [0]), []);
  const perValue = klWeight / elementCount(sample.shape.slice(1));
  return b.build({ loss: b.add(distance, b.scale(divergence, perValue)) });
}

/** Of a batch's latents. */
export function latentNoiseShape(
  config: AutoencoderKLConfig,
  { batch, side }: { readonly batch: number; readonly side: number },
): readonly number[] {
  const cells = side / latentFactor(config);
  return [batch, config.latentChannels, cells, cells];
}

/** Pictures are [0, 1], autoencoders take [-1, 1]. */
export function toSigned(b: GraphBuilder, picture: Value): Value {
  return b.shift(b.scale(picture, 2), -1);
}
