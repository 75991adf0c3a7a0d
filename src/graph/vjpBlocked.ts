import { blockWeight, unblockWeight } from './blocks.js';
import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';
import type { BlockedConvAttributes } from './operators.js';
import { convVjp } from './vjpConv.js';
import { whereReached } from './vjpRelu.js';
import type { Cotangent } from './vjpRule.js';

/** By way of the plain order: gradients are taken before a graph is laid out in blocks, so speed is no concern. */
export function blockedConvVjp(
  b: GraphBuilder,
  { inputs, attributes, output, dy, wanted }: Cotangent<BlockedConvAttributes>,
): (Value | null)[] {
  const [x, weight, bias] = inputs;
  const { blockSize, activation, ...window } = attributes;
  const before = activation === 'relu' ? whereReached(b, output, dy) : dy;
  const unblocked = (value: Value): Value =>
    b.apply('unblockChannels', [value], { blockSize, to: 'channelsFirst' });
  const [dx, dWeight, dBias] = convVjp(b, {
    inputs: [unblocked(x), unblockWeight(b, weight, blockSize), bias],
    attributes: { ...window, groups: 1 },
    output: unblocked(output),
    dy: unblocked(before),
    wanted: wanted.slice(0, 3),
  });
  return [
    dx && b.apply('blockChannels', [dx], { blockSize }),
    dWeight && blockWeight(b, dWeight, blockSize),
    dBias,
    ...(inputs.length > 3 ? [before] : []),
  ];
}
