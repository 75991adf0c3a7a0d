import type { BlockedConvAttributes } from '../../src/graph/index.js';
import { normal, type Operand } from './operands.js';

/** Sizes that some processors have kernels for, and one that none has. */
export const blockSizes = [16, 8, 2] as const;

type Case = readonly [
  variant: string,
  operands: Record<string, Operand>,
  attributes: BlockedConvAttributes,
];

const plain = {
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  activation: 'none',
} as const;

/** On as many blocks as `channels`, `[I, O]`, says. */
function blockedConv(
  variant: string,
  blockSize: number,
  channels: readonly [number, number],
  [kh, kw]: readonly [number, number],
  attributes: Partial<BlockedConvAttributes> = {},
  sum?: readonly [number, number],
): Case {
  const [inputs, outputs] = channels.map((blocks) => blocks * blockSize);
  const operands = {
    x: normal([2, inputs, 6, 5]),
    weight: normal([outputs, inputs, kh, kw], 0.25),
    bias: normal([outputs]),
    ...(sum ? { sum: normal([2, outputs, ...sum]) } : {}),
  };
  return [`${variant}, blocks of ${blockSize}`, operands, { ...plain, blockSize, ...attributes }];
}

export const blockedConvCases: readonly Case[] = blockSizes.flatMap((blockSize) => [
  blockedConv('3x3, same size', blockSize, [2, 3], [3, 3], { pads: [1, 1, 1, 1] }),
  blockedConv('1x1', blockSize, [1, 2], [1, 1]),
  blockedConv('stride 2, asymmetric padding', blockSize, [1, 1], [3, 3], { strides: [2, 2], pads: [0, 1, 1, 0] }),
  blockedConv('dilation', blockSize, [1, 1], [3, 2], { dilations: [2, 3], pads: [1, 1, 2, 0] }),
  blockedConv('a sum', blockSize, [2, 1], [3, 3], { pads: [1, 1, 1, 1] }, [6, 5]),
  blockedConv('a sum and an activation', blockSize, [1, 1], [1, 1], { activation: 'relu' }, [6, 5]),
  blockedConv('an activation', blockSize, [1, 2], [2, 2], { activation: 'relu' }),
]); // prettier-ignore
