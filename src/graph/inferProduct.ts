import { broadcastShapes, formatShape, sameShape } from '../tensor/index.js';
import {
  mismatch,
  requireRank,
  requireSameDType,
  requireVector,
  type InferRule,
  type ValueType,
} from './inferRule.js';
import type { Attributes, ConvAttributes } from './operators.js';

export const inferMatmul: InferRule<Attributes['matmul']> = ([a, b]) => {
  requireSameDType(a, b);
  const [m, k] = a.shape.slice(-2);
  const [k2, n] = b.shape.slice(-2);
  if (a.shape.length < 2 || b.shape.length < 2 || k !== k2) {
    throw mismatch(
      `[..., m, k] and [..., k, n]`,
      `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { shape: [...batch, m, n], dtype: a.dtype };
};

export const inferConv: InferRule<Attributes['conv']> = ([x, weight, bias], attributes) => {
  requireRank(x, 4);
  requireRank(weight, 4);
  requireSameDType(x, weight);
  const [n, c] = x.shape;
  const [out, inPerGroup] = weight.shape;
  const { groups } = attributes;
  if (c !== inPerGroup * groups || out % groups !== 0) {
    throw mismatch(
      `weight [out, ${c / groups}, kh, kw] for ${groups} groups`,
      formatShape(weight.shape),
    );
  }
  requireVector(x, bias, out);
  return {
    shape: [n, out, ...[0, 1].map((i) => convLength(x, weight, attributes, i))],
    dtype: x.dtype,
  };
};

export const inferConvTranspose: InferRule<Attributes['convTranspose']> = (
  [x, weight, bias],
  attributes,
) => {
  requireRank(x, 4);
  requireRank(weight, 4);
  requireSameDType(x, weight);
  const [n, c] = x.shape;
  const [input, outPerGroup] = weight.shape;
  const { strides, pads, dilations, outputPadding, groups } = attributes;
  if (c !== input || c % groups !== 0) {
    throw mismatch(
      `weight [${c}, out / groups, kh, kw] for ${groups} groups`,
      formatShape(weight.shape),
    );
  }
  if (outputPadding.some((padding, i) => padding >= strides[i])) {
    throw mismatch(
      `output padding below the strides ${formatShape(strides)}`,
      formatShape(outputPadding),
    );
  }
  requireVector(x, bias, outPerGroup * groups);
  const spatial = [0, 1].map(
    (i) =>
      (x.shape[2 + i] - 1) * strides[i] -
      (pads[i] + pads[i + 2]) +
      dilations[i] * (weight.shape[2 + i] - 1) +
      outputPadding[i] +
      1,
  );
  return { shape: [n, outPerGroup * groups, ...spatial], dtype: x.dtype };
};

export const inferConvWeightGradient: InferRule<Attributes['convWeightGradient']> = (
  [x, dy],
  { kernel, groups, ...window },
) => {
  requireRank(x, 4);
  requireRank(dy, 4);
  requireSameDType(x, dy);
  const [n, c] = x.shape;
  const weight = { shape: [dy.shape[1], c / groups, ...kernel], dtype: x.dtype };
  const lengths = [0, 1].map((i) => convLength(x, weight, window, i));
  const wanted = [n, dy.shape[1], ...lengths];
  if (!sameShape(dy.shape, wanted)) throw mismatch(formatShape(wanted), formatShape(dy.shape));
  if (dy.shape[1] % groups !== 0) {
    throw mismatch(`channels divisible by ${groups} groups`, `${dy.shape[1]}`);
  }
  return weight;
};

export const inferBlockChannels: InferRule<Attributes['blockChannels']> = requireBlocks;

export const inferUnblockChannels: InferRule<Attributes['unblockChannels']> = (
  [x],
  { blockSize, to },
) => {
  const [n, c, h, w] = requireBlocks([x], { blockSize }).shape;
  return { shape: to === 'channelsFirst' ? x.shape : [n, h, w, c], dtype: x.dtype };
};

export const inferBlockedConv: InferRule<Attributes['blockedConv']> = (
  [x, weight, bias, added],
  attributes,
) => {
  requireBlocks([x], attributes);
  requireBlocks([weight], attributes);
  const [out, channels] = weight.shape;
  if (x.shape[1] !== channels || out % attributes.blockSize !== 0) {
    throw mismatch(`weight [whole blocks, ${x.shape[1]}, kh, kw]`, formatShape(weight.shape));
  }
  requireSameDType(x, weight);
  requireVector(x, bias, out);
  const lengths = [0, 1].map((i) => convLength(x, weight, attributes, i));
  const result = { shape: [x.shape[0], out, ...lengths], dtype: x.dtype };
  if (added && !sameShape(added.shape, result.shape)) {
    throw mismatch(formatShape(result.shape), formatShape(added.shape));
  }
  return result;
};

function convLength(
  x: ValueType,
  weight: ValueType,
  attributes: Omit<ConvAttributes, 'groups'>,
  i: number,
): number {
  const { strides, pads, dilations } = attributes;
  const extent = dilations[i] * (weight.shape[2 + i] - 1) + 1;
  return Math.floor((x.shape[2 + i] + pads[i] + pads[i + 2] - extent) / strides[i]) + 1;
}

function requireBlocks([x]: readonly ValueType[], { blockSize }: { blockSize: number }): ValueType {
  requireRank(x, 4);
  if (x.shape[1] % blockSize !== 0) {
    throw mismatch(`channels in whole blocks of ${blockSize}`, formatShape(x.shape));
  }
  return x;
}
