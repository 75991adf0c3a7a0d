import { tapsLast, type Attributes, type GraphBuilder, type Value } from '../graph/index.js';
import { zeros, type Shape } from '../tensor/index.js';

interface Operands {
  /** `[N, H, W, C]`. */
  readonly x: Value;
  /** `[N, O, outH, outW]` in blocks. */
  readonly dy: Value;
}

type Gradient = Attributes['convWeightGradient'];

/** What is multiplied for one tap of the kernel. */
interface Tap {
  /** `[1, cells of all images, 1, C]`, in blocks of cells. */
  readonly map: Value;
  /** `[O, cells of all images, 1, 1]`, in blocks of output channels. */
  readonly weight: Value;
}

/** Whether `blockedWeightGradient` computes this one. */
export function hasBlockedWeightGradient(
  x: Shape,
  dy: Shape,
  attributes: Gradient,
  blockSize: number,
): boolean {
  const { strides, groups } = attributes;
  if (groups !== 1 || dy[1] % blockSize !== 0) return false;
  if (!isPlain(strides)) return (dy[2] * dy[3]) % blockSize === 0;
  const inside = [0, 1].every((axis) => {
    const least = Math.min(x[2 + axis], dy[2 + axis]);
    return shifts(attributes, axis).every((shift) => Math.abs(shift) < least);
  });
  return inside && (x[2] * dy[3]) % blockSize === 0;
}

/**
 * A convolution's weight gradient `[O, C, kh, kw]` as a 1x1 convolution a tap, whose channels are the cells of all
 * maps: `x` is its map, of one pixel a channel, and `dy`, which lies in blocks of output channels already, its weight.
 */
export function blockedWeightGradient(
  b: GraphBuilder,
  operands: Operands,
  attributes: Gradient,
  blockSize: number,
): Value {
  const [out, channels] = [operands.dy.shape[1], operands.x.shape[3]];
  const bias = b.constant(zeros('float32', [out]));
  const products = tapsOf(b, operands, attributes, blockSize).map(({ map, weight }) =>
    b.apply('blockedConv', [map, weight, bias], { ...pointwise, blockSize }),
  );
  const plain = b.apply('unblockChannels', [b.concat(products, 0)], {
    blockSize,
    to: 'channelsFirst',
  });
  return tapsLast(b, plain, [out, channels, ...attributes.kernel]);
}

function tapsOf(
  b: GraphBuilder,
  { x, dy }: Operands,
  attributes: Gradient,
  blockSize: number,
): Tap[] {
  const byBlock = blocksFirst(b, dy, blockSize);
  const taps = isPlain(attributes.strides) ? shiftedTaps : stridedTaps;
  return taps(b, x, byBlock, attributes, blockSize);
}

/** A tap's column is a shift of `x`, its row one of `dy`: either moves whole runs of memory. */
function shiftedTaps(
  b: GraphBuilder,
  x: Value,
  dy: Value,
  attributes: Gradient,
  blockSize: number,
): Tap[] {
  const [, h, w] = x.shape;
  const [, , outH, wide] = dy.shape;
  const outW = wide / blockSize;
  const maps = shifts(attributes, 1).map((shift) =>
    byCell(b, b.pad(x, [0, 0, -shift, 0], [0, 0, outW - w + shift, 0]), blockSize),
  );
  return shifts(attributes, 0).flatMap((shift) => {
    const moved = b.pad(dy, [0, 0, shift, 0], [0, 0, h - outH - shift, 0]);
    return maps.map((map) => ({ map, weight: asWeight(b, moved, blockSize) }));
  });
}

/** With a stride the cells under a tap are taken out of `x`, and `dy` is what it is. */
function stridedTaps(
  b: GraphBuilder,
  x: Value,
  dy: Value,
  { strides, dilations, pads, kernel: [kh, kw] }: Gradient,
  blockSize: number,
): Tap[] {
  const [n, , , channels] = x.shape;
  const [, , outH, wide] = dy.shape;
  const outW = wide / blockSize;
  const padded = b.pad(x, [0, pads[0], pads[1], 0], [0, pads[2], pads[3], 0]);
  const weight = asWeight(b, dy, blockSize);
  return Array.from({ length: kh * kw }, (_, tap) => {
    const [top, left] = [Math.floor(tap / kw) * dilations[0], (tap % kw) * dilations[1]];
    const [bottom, right] = [top + (outH - 1) * strides[0] + 1, left + (outW - 1) * strides[1] + 1];
    const under = b.apply('slice', [padded], {
      starts: [0, top, left, 0],
      ends: [n, bottom, right, channels],
      steps: [1, ...strides, 1],
    });
    return { map: byCell(b, under, blockSize), weight };
  });
}

/** `[N, H, W, C]` in blocks of cells, of one image after the other: `[1, N * H * W, 1, C]`. */
function byCell(b: GraphBuilder, x: Value, blockSize: number): Value {
  const [n, h, w, channels] = x.shape;
  const blocked = b.apply('blockChannels', [b.reshape(x, [n, h * w, 1, channels])], { blockSize });
  return b.reshape(blocked, [1, n * h * w, 1, channels]);
}

/** What `blocksFirst` gives, as the weight of a 1x1 convolution. */
function asWeight(b: GraphBuilder, dy: Value, blockSize: number): Value {
  const [outBlocks, n, h, wide] = dy.shape;
  return b.reshape(dy, [outBlocks * blockSize, (n * h * wide) / blockSize, 1, 1]);
}

/** The sums of each channel of a map `[N, C, H, W]` in blocks: `[1, C, 1, 1]`. */
export function blockedChannelSums(b: GraphBuilder, x: Value, blockSize: number): Value {
  const [n, c, h, w] = x.shape;
  const cells = b.reshape(blocksFirst(b, x, blockSize), [c / blockSize, n * h * w, blockSize]);
  return b.reshape(b.reduceSum(cells, [1]), [1, c, 1, 1]);
}

/** Blocks before images: `[C / blockSize, N, H, W * blockSize]`. */
function blocksFirst(b: GraphBuilder, x: Value, blockSize: number): Value {
  const [n, c, h, w] = x.shape;
  return b.transpose(b.reshape(x, [n, c / blockSize, h, w * blockSize]), [1, 0, 2, 3]);
}

/** How far the map lies from the result under each of an axis's taps. */
function shifts({ kernel, dilations, pads }: Gradient, axis: number): number[] {
  return Array.from({ length: kernel[axis] }, (_, tap) => tap * dilations[axis] - pads[axis]);
}

function isPlain(strides: readonly number[]): boolean {
  return strides.every((stride) => stride === 1);
}

const pointwise = {
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  activation: 'none',
} as const;
