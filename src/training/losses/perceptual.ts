import type { GraphBuilder, Value } from '../../graph/index.js';

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

export interface PerceptualView {
  /** Each a half, a quarter, ... of the pictures' sides: 1, 0.5, 0.25. */
  readonly scales: readonly number[];
  /** How far samples are moved against the network's grid, at most, in pixels. */
  readonly shift: number;
  /** The side of what the network sees of each sample, at most, in pixels of each scale: from the middle. */
  readonly window: number;
}

/**
 * The same as a loss. The first layer of a feature network has a stride, and is blind to a pattern as fine as that: alone and at one
 * place it breeds dots. So each sample of a share lies at another shift, and distances at several scales are averaged.
 */
export function perceptualLoss(
  b: GraphBuilder,
  features: FeatureMaps,
  pictures: { readonly prediction: Value; readonly target: Value },
  view: PerceptualView,
): Value {
  const distances = view.scales.map((scale) => {
    const [prediction, target] = [pictures.prediction, pictures.target].map((x) =>
      shrunk(b, windows(b, x, view.shift, view.window / scale), scale),
    );
    return perceptualDistance(b, features, prediction, target);
  });
  return b.scale(
    distances.reduce((sum, distance) => b.add(sum, distance)),
    1 / view.scales.length,
  );
}

/** A window of each sample: down by its number, and right by twice that and one more, modulo `shift + 1`. */
function windows(b: GraphBuilder, x: Value, shift: number, side: number): Value {
  const [n, , height, width] = x.shape;
  // A multiple of four, which scales down to a quarter leave whole.
  const [h, w] = [height, width].map((all) => Math.floor(Math.min(side, all - shift) / 4) * 4);
  const [y, x0] = [height - h - shift, width - w - shift].map((left) => Math.floor(left / 2));
  const cut = Array.from({ length: n }, (_, i) => {
    const top = y + (i % (shift + 1));
    const left = x0 + ((2 * i + 1 + Math.floor(i / 2)) % (shift + 1));
    const sample = b.sliceAxis(x, 0, i, i + 1);
    return b.sliceAxis(b.sliceAxis(sample, 2, top, top + h), 3, left, left + w);
  });
  return b.concat(cut, 0);
}

/** The mean of each square of pixels. */
function shrunk(b: GraphBuilder, x: Value, scale: number): Value {
  if (scale === 1) return x;
  const side = Math.round(1 / scale);
  const [n, c, height, width] = x.shape;
  const [h, w] = [height, width].map((length) => Math.floor(length / side));
  const whole = b.sliceAxis(b.sliceAxis(x, 2, 0, h * side), 3, 0, w * side);
  const squares = b.reshape(whole, [n, c, h, side, w, side]);
  return b.reshape(b.reduceMean(squares, [3, 5]), [n, c, h, w]);
}
