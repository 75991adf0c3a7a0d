import { tensor } from '../tensor/index.js';
import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';

/**
 * A convolution's weight `[O, I, kh, kw]` in the order that `blockedConv` takes. The output channels move first, as
 * those of a map do, and then whole runs of them.
 */
export function blockWeight(b: GraphBuilder, weight: Value, blockSize: number): Value {
  const [out, channels, kh, kw] = weight.shape;
  const taps = kh * kw;
  const asMap = b.reshape(weight, [out / blockSize, blockSize, channels * taps, 1]);
  const byOut = b.apply('blockChannels', [asMap], { blockSize });
  const blocks = (out / blockSize) * (channels / blockSize);
  const runs = b.reshape(byOut, [blocks, blockSize, taps, blockSize]);
  return b.reshape(taps === 1 ? runs : b.transpose(runs, [0, 2, 1, 3]), weight.shape);
}

/** The inverse of `blockWeight`. */
export function unblockWeight(b: GraphBuilder, weight: Value, blockSize: number): Value {
  const [out, channels, kh, kw] = weight.shape;
  const [outBlocks, blocks] = [out / blockSize, channels / blockSize];
  const split = b.reshape(weight, [outBlocks, blocks, kh * kw, blockSize, blockSize]);
  return b.reshape(b.transpose(split, [0, 4, 1, 3, 2]), weight.shape);
}

/**
 * What `blockWeight` gives for a weight `[O, I, kh, kw]`, as it gives it for the flipped weight `[I, O, kh, kw]`, by
 * which a convolution's gradient goes back: a block's two axes change places, and then whole blocks.
 */
export function flipBlockedWeight(b: GraphBuilder, blocked: Value, blockSize: number): Value {
  const [out, channels, kh, kw] = blocked.shape;
  const [outBlocks, inBlocks, taps] = [out / blockSize, channels / blockSize, kh * kw];
  const count = outBlocks * inBlocks * taps;
  const asMap = b.reshape(blocked, [count, blockSize, blockSize, 1]);
  const turned = b.apply('blockChannels', [asMap], { blockSize });
  const sources = Array.from({ length: count }, (_, i) => {
    const tap = taps - 1 - (i % taps);
    const outBlock = Math.floor(i / taps) % outBlocks;
    const inBlock = Math.floor(i / (taps * outBlocks));
    return BigInt((outBlock * inBlocks + inBlock) * taps + tap);
  });
  const indices = b.constant(tensor('int64', [count], BigInt64Array.from(sources)));
  const rows = b.reshape(turned, [count, blockSize * blockSize]);
  return b.reshape(b.apply('gather', [rows, indices], { axis: 0 }), [channels, out, kh, kw]);
}
