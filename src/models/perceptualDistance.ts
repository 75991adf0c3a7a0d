import type { GraphBuilder, Value } from '../graph/index.js';

/** Feature maps of a picture `[N, 3, H, W]` in [0, 1], fine to coarse. */
export type FeatureMaps = (b: GraphBuilder, picture: Value) => readonly Value[];

/**
 * How far apart two batches of pictures `[N, 3, H, W]` are in the eyes of a network: features of unit length at each pixel, their squared
 * distance averaged over pixels, summed over the maps (Zhang et al. 2018, LPIPS, with all weights one); the mean over the batch, a scalar.
 */
export function perceptualDistance(
  b: GraphBuilder,
  features: FeatureMaps,
  first: Value,
  second: Value,
): Value {
  const others = features(b, second);
  const distances = features(b, first).map((map, i) => {
    const difference = b.sub(unitLength(b, map), unitLength(b, others[i]));
    const squared = b.reduceSum(b.mul(difference, difference), [1]);
    return b.reshape(b.reduceMean(squared, [0, 1, 2, 3]), []);
  });
  return distances.reduce((sum, distance) => b.add(sum, distance));
}

/** The root's slope has no bound at zero, where ReLU has switched all channels off. */
const SMALLEST_SQUARE = 1e-10;

function unitLength(b: GraphBuilder, map: Value): Value {
  const squares = b.reduceSum(b.mul(map, map), [1]);
  return b.div(map, b.apply('sqrt', [b.shift(squares, SMALLEST_SQUARE)], {}));
}
