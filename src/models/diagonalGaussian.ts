import type { GraphBuilder, Value } from '../graph/index.js';

/** A Gaussian with its own mean and variance in every element; all `[N, latentChannels, h, w]`. */
export interface DiagonalGaussian {
  readonly mean: Value;
  /** Clamped to [-30, 20]. */
  readonly logvar: Value;
  readonly std: Value;
}

/** Takes `latent_parameters` `[N, 2 latentChannels, h, w]` apart (diffusers' `DiagonalGaussianDistribution`). */
export function gaussianMoments(b: GraphBuilder, latentParameters: Value): DiagonalGaussian {
  const channels = latentParameters.shape[1];
  const mean = b.sliceAxis(latentParameters, 1, 0, channels / 2);
  const rest = b.sliceAxis(latentParameters, 1, channels / 2, channels);
  const logvar = b.apply('clip', [rest], { min: -30, max: 20 });
  return { mean, logvar, std: b.apply('exp', [b.scale(logvar, 0.5)], {}) };
}

/** `mean + std * noise`, for standard normal noise of the mean's shape. */
export function gaussianSample(
  b: GraphBuilder,
  { mean, std }: DiagonalGaussian,
  noise: Value,
): Value {
  return b.add(mean, b.mul(std, noise));
}

/** The divergence from the standard normal distribution of each sample, `[N]`: half the sum of mean² + variance - 1 - logvar. */
export function gaussianKl(b: GraphBuilder, { mean, logvar }: DiagonalGaussian): Value {
  const variance = b.apply('exp', [logvar], {});
  const terms = b.sub(b.add(b.mul(mean, mean), variance), b.shift(logvar, 1));
  const axes = mean.shape.flatMap((_, axis) => (axis === 0 ? [] : [axis]));
  return b.scale(b.reshape(b.reduceSum(terms, axes), [mean.shape[0]]), 0.5);
}
