import { evaluateConv } from './evaluateProduct.js';
import type { EvaluateRule, Operand } from './evaluateRule.js';
import type { Attributes } from './operators.js';
import { permute } from './strided.js';

export const evaluateBlockChannels: EvaluateRule<Attributes['blockChannels']> = (
  [x],
  { blockSize },
) => {
  const [n, c, h, w] = x.shape;
  return permute(x.data, [n, c / blockSize, blockSize, h, w], [0, 1, 3, 4, 2]);
};

export const evaluateUnblockChannels: EvaluateRule<Attributes['unblockChannels']> = (
  [x],
  { blockSize, to },
) => {
  const [n, c, h, w] = x.shape;
  const perm = to === 'channelsFirst' ? [0, 1, 4, 2, 3] : [0, 2, 3, 1, 4];
  return permute(x.data, [n, c / blockSize, h, w, blockSize], perm);
};

export const evaluateBlockedConv: EvaluateRule<Attributes['blockedConv']> = (
  [x, weight, bias, added],
  { blockSize, activation, ...window },
  result,
) => {
  const plainX = {
    ...x,
    data: evaluateUnblockChannels([x], { blockSize, to: 'channelsFirst' }, x),
  };
  const plainWeight = { ...weight, data: unblockedWeight(weight, blockSize) };
  const plain = evaluateConv([plainX, plainWeight, bias], { ...window, groups: 1 }, result);
  const out = evaluateBlockChannels([{ ...result, data: plain }], { blockSize }, result);
  for (let i = 0; i < out.length; i++) {
    if (added) out[i] += added.data[i];
    if (activation === 'relu') out[i] = Math.max(out[i], 0);
  }
  return out;
};

function unblockedWeight({ data, shape: [out, channels, kh, kw] }: Operand, block: number) {
  return permute(data, [out / block, channels / block, kh * kw, block, block], [0, 4, 1, 3, 2]);
}
