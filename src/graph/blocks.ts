import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';

/** A convolution's weight `[O, I, kh, kw]` in the order that `blockedConv` takes. */
export function blockWeight(b: GraphBuilder, weight: Value, blockSize: number): Value {
  const [out, channels, kh, kw] = weight.shape;
  const [outBlocks, blocks] = [out / blockSize, channels / blockSize];
  const split = b.reshape(weight, [outBlocks, blockSize, blocks, blockSize, kh * kw]);
  return b.reshape(b.transpose(split, [0, 2, 4, 3, 1]), weight.shape);
}

/** The inverse of `blockWeight`. */
export function unblockWeight(b: GraphBuilder, weight: Value, blockSize: number): Value {
  const [out, channels, kh, kw] = weight.shape;
  const [outBlocks, blocks] = [out / blockSize, channels / blockSize];
  const split = b.reshape(weight, [outBlocks, blocks, kh * kw, blockSize, blockSize]);
  return b.reshape(b.transpose(split, [0, 4, 1, 3, 2]), weight.shape);
}
