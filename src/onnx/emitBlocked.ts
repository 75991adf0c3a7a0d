// Convolutions in blocks of channels. ONNX has no such order, so what any runtime can compute goes by way of the
// plain one; ONNX Runtime has kernels for it on processors, which `nativeBlockRules` names.
import type { Attributes } from '../graph/index.js';
import { integers, type EmitRule, type Emitter, type Operation } from './emitRule.js';

export type BlockRules = {
  readonly [O in 'blockChannels' | 'unblockChannels' | 'blockedConv']: EmitRule<Attributes[O]>;
};

export const emitBlockChannels: BlockRules['blockChannels'] = (
  emit,
  { inputs: [x], output, attributes, result },
) => blockMap(emit, x, output.shape, attributes.blockSize, result);

export const emitUnblockChannels: BlockRules['unblockChannels'] = (
  emit,
  { inputs: [x], operands, attributes: { blockSize, to }, result },
) => {
  const { shape } = operands[0];
  if (to === 'channelsFirst') {
    unblockMap(emit, x, shape, blockSize, result);
  } else {
    const plain = unblockMap(emit, x, shape, blockSize);
    emit.node('Transpose', [plain], { perm: [0, 2, 3, 1] }, result);
  }
};

export const emitBlockedConv: BlockRules['blockedConv'] = (
  emit,
  { inputs: [x, weight, bias, added], operands, output, attributes, result },
) => {
  const { blockSize, activation, ...window } = attributes;
  const plainX = unblockMap(emit, x, operands[0].shape, blockSize);
  const plainWeight = unblockWeight(emit, weight, operands[1].shape, blockSize);
  const kernel = { ...window, kernel_shape: operands[1].shape.slice(2) };
  let plain = emit.node('Conv', [plainX, plainWeight, bias], kernel);
  if (added) {
    const other = unblockMap(emit, added, output.shape, blockSize);
    plain = emit.node('Add', [plain, other]);
  }
  if (activation === 'relu') plain = emit.node('Relu', [plain]);
  blockMap(emit, plain, output.shape, blockSize, result);
};

function blockMap(
  emit: Emitter,
  x: string,
  shape: readonly number[],
  blockSize: number,
  result?: string,
): void {
  const [n, c, h, w] = shape;
  const split = integers(emit, [n, c / blockSize, blockSize, h * w]);
  const moved = emit.node('Transpose', [emit.node('Reshape', [x, split])], { perm: [0, 1, 3, 2] });
  emit.node('Reshape', [moved, integers(emit, shape)], {}, result);
}

function unblockMap(
  emit: Emitter,
  x: string,
  shape: readonly number[],
  blockSize: number,
  result?: string,
): string {
  const [n, c, h, w] = shape;
  const split = integers(emit, [n, c / blockSize, h * w, blockSize]);
  const moved = emit.node('Transpose', [emit.node('Reshape', [x, split])], { perm: [0, 1, 3, 2] });
  return emit.node('Reshape', [moved, integers(emit, shape)], {}, result);
}

function unblockWeight(
  emit: Emitter,
  weight: string,
  shape: readonly number[],
  block: number,
): string {
  const [out, channels, kh, kw] = shape;
  const split = integers(emit, [out / block, channels / block, kh * kw, block, block]);
  const parts = emit.node('Reshape', [weight, split]);
  const moved = emit.node('Transpose', [parts], { perm: [0, 4, 1, 3, 2] });
  return emit.node('Reshape', [moved, integers(emit, shape)]);
}

/** The domain of ONNX Runtime's own kernels for maps in blocks of channels. */
const domain = 'com.microsoft.nchwc';

const native: BlockRules = {
  blockChannels: (emit, { inputs, result }) =>
    void emit.node('ReorderInput', inputs, {}, result, domain),
  unblockChannels: (emit, { inputs, operands, attributes, result }) => {
    const order = { channels_last: attributes.to === 'channelsLast' ? 1 : 0 };
    const channels = operands[0].shape[1];
    emit.node('ReorderOutput', inputs, { channels, ...order }, result, domain);
  },
  blockedConv: (emit, { inputs, operands, attributes, result }) => {
    const { strides, pads, dilations, activation } = attributes;
    const window = { strides, pads, dilations, kernel_shape: operands[1].shape.slice(2) };
    const relu = activation === 'relu' ? { activation: 'Relu' } : {};
    emit.node('Conv', inputs, { ...window, ...relu, group: 1 }, result, domain);
  },
};

/**
 * Rules for a runtime whose own kernels have `blockSize` channels in a block, of float32; others are computed as
 * anywhere.
 */
export function nativeBlockRules(blockSize: number): BlockRules {
  const where =
    <A extends { readonly blockSize: number }>(here: EmitRule<A>, elsewhere: EmitRule<A>) =>
    (emit: Emitter, operation: Operation<A>): void => {
      const { attributes, output } = operation;
      const isNative = attributes.blockSize === blockSize && output.dtype === 'float32';
      (isNative ? here : elsewhere)(emit, operation);
    };
  return {
    blockChannels: where(native.blockChannels, emitBlockChannels),
    unblockChannels: where(native.unblockChannels, emitUnblockChannels),
    blockedConv: where(native.blockedConv, emitBlockedConv),
  };
}
