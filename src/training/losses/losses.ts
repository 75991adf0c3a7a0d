import type { GraphBuilder, Value } from '../../graph/index.js';
import { float32 } from '../../tensor/index.js';

export type LossConfig =
  | { readonly kind: 'l1' }
  | { readonly kind: 'l2' }
  | { readonly kind: 'charbonnier'; readonly eps: number }
  | { readonly kind: 'luma' }
  | { readonly kind: 'psnr' }
  | { readonly kind: 'gradient' }
  | { readonly kind: 'frequency' };

export interface WeightedLoss {
  readonly loss: LossConfig;
  readonly weight: number;
}

/**
 * The mean loss of a prediction, a scalar. All arguments `[N, C, H, W]`; where a `mask` (1 counts, 0 does
 * not, broadcast against the prediction) is given, the mean is over what counts.
 * @throws Error for `luma` and `psnr` of pictures that do not have three channels, or under a mask that has.
 */
export function lossValue(
  b: GraphBuilder,
  config: LossConfig,
  prediction: Value,
  target: Value,
  mask: Value | null = null,
): Value {
  const difference = b.sub(prediction, target);
  switch (config.kind) {
    case 'l1':
      return meanOver(b, b.apply('abs', [difference], {}), mask);
    case 'l2':
      return meanOver(b, b.mul(difference, difference), mask);
    case 'charbonnier':
      return meanOver(b, charbonnier(b, difference, config.eps), mask);
    case 'luma':
      return meanOver(b, b.apply('abs', [luma(b, difference)], {}), mask && oneChannel(mask));
    case 'psnr':
      return negativePsnr(b, luma(b, difference), mask && oneChannel(mask));
    case 'gradient':
      return gradientLoss(b, difference, mask);
    case 'frequency':
      return frequencyLoss(b, mask ? b.mul(difference, mask) : difference);
  }
}

/** A weighted sum of losses, a scalar. */
export function totalLoss(
  b: GraphBuilder,
  losses: readonly WeightedLoss[],
  prediction: Value,
  target: Value,
  mask: Value | null = null,
): Value {
  return losses
    .map(({ loss, weight }) => b.scale(lossValue(b, loss, prediction, target, mask), weight))
    .reduce((sum, term) => b.add(sum, term));
}

/** sqrt(d^2 + eps^2): L1 with a smooth bottom (Charbonnier et al. 1994; Lai et al. 2017). */
function charbonnier(b: GraphBuilder, difference: Value, eps: number): Value {
  return b.apply('sqrt', [b.shift(b.mul(difference, difference), eps * eps)], {});
}

/** Of the colours R, G, B: what the eye sees most of, and what PSNR-Y is measured on (Rec. ITU-R BT.601). */
function luma(b: GraphBuilder, colours: Value): Value {
  const channels = colours.shape[1];
  if (channels !== 3) throw new Error(`luma: expected 3 channels, got ${channels}`);
  return b.conv(colours, b.constant(float32([1, 3, 1, 1], [0.299, 0.587, 0.114])), null);
}

function oneChannel(mask: Value): Value {
  const channels = mask.shape[1];
  if (channels !== 1) throw new Error(`luma: expected a mask of 1 channel, got ${channels}`);
  return mask;
}

/** Of a mean squared error; above 80 dB a picture counts as exact. */
const LEAST_ERROR = 1e-8;

/** Mean over pictures of minus the PSNR in dB, of luma in [0, 1]: the metric itself (Chen et al. 2021, HINet). */
function negativePsnr(b: GraphBuilder, difference: Value, mask: Value | null): Value {
  const errors = meanAlong(b, b.mul(difference, difference), mask, [1, 2, 3]);
  const decibels = b.scale(b.apply('log', [b.shift(errors, LEAST_ERROR)], {}), 10 / Math.LN10);
  return meanOver(b, decibels, null);
}

/** L1 between the horizontal and vertical neighbour differences: edges rather than levels. */
function gradientLoss(b: GraphBuilder, difference: Value, mask: Value | null): Value {
  const terms = [2, 3].map((axis) => {
    const length = difference.shape[axis];
    const step = (x: Value, from: number): Value => b.sliceAxis(x, axis, from, length - 1 + from);
    const slope = b.apply('abs', [b.sub(step(difference, 1), step(difference, 0))], {});
    const both = mask ? maskPair(b, mask, difference.shape, step) : null;
    return meanOver(b, slope, both);
  });
  return b.scale(b.add(terms[0], terms[1]), 0.5);
}

function maskPair(
  b: GraphBuilder,
  mask: Value,
  shape: readonly number[],
  step: (x: Value, from: number) => Value,
): Value {
  const full = b.expand(mask, shape);
  return b.mul(step(full, 1), step(full, 0));
}

/**
 * Mean absolute real and imaginary part of the orthonormal 2-D Fourier transform of the difference
 * (Cho et al. 2021, MIMO-UNet), as products with cosine and sine matrices.
 */
function frequencyLoss(b: GraphBuilder, difference: Value): Value {
  const [, , h, w] = difference.shape;
  const rows = fourierMatrices(b, h);
  const columns = fourierMatrices(b, w);
  const transform = (row: Value, column: Value): Value =>
    b.matmul(b.matmul(row, difference), column);
  const real = b.sub(transform(rows.cos, columns.cos), transform(rows.sin, columns.sin));
  const imaginary = b.add(transform(rows.sin, columns.cos), transform(rows.cos, columns.sin));
  const magnitudes = [real, imaginary].map((part) => meanOver(b, b.apply('abs', [part], {}), null));
  return b.scale(b.add(magnitudes[0], magnitudes[1]), 0.5);
}

/** Symmetric matrices, so that the same ones serve rows (from the left) and columns (from the right). */
function fourierMatrices(b: GraphBuilder, n: number): { cos: Value; sin: Value } {
  const table = (f: (angle: number) => number): Value =>
    b.constant(
      float32(
        [n, n],
        Float64Array.from({ length: n * n }, (_, i) => {
          const turns = ((Math.floor(i / n) * (i % n)) % n) / n;
          return f(2 * Math.PI * turns) / Math.sqrt(n);
        }),
      ),
    );
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

function meanOver(b: GraphBuilder, x: Value, mask: Value | null): Value {
  const axes = x.shape.map((_, axis) => axis);
  return b.reshape(meanAlong(b, x, mask, axes), []);
}

/** Of extent 1 along the axes. */
function meanAlong(b: GraphBuilder, x: Value, mask: Value | null, axes: readonly number[]): Value {
  if (!mask) return b.reduceMean(x, axes);
  const full = b.expand(mask, x.shape);
  const total = b.reduceSum(b.mul(x, full), axes);
  // An all-zero mask counts nothing: 0 rather than 0 / 0.
  const count = b.apply('max', [b.reduceSum(full, axes), b.scalar(1)], {});
  return b.div(total, count);
}
