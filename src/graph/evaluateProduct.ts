import { elementCount } from '../tensor/index.js';
import type { EvaluateRule, Operand } from './evaluateRule.js';
import type { Attributes, ConvAttributes } from './operators.js';
import { broadcastTo } from './strided.js';

export const evaluateMatmul: EvaluateRule<Attributes['matmul']> = ([a, b], _, { shape }) => {
  const batch = shape.slice(0, -2);
  const [m, k] = a.shape.slice(-2);
  const n = b.shape[b.shape.length - 1];
  const left = broadcastTo(a, [...batch, m, k]);
  const right = broadcastTo(b, [...batch, k, n]);
  const out = new Float64Array(elementCount(shape));
  for (let row = 0; row < elementCount(batch) * m; row++) {
    const matrix = Math.floor(row / m) * k * n;
    for (let i = 0; i < k; i++) {
      const factor = left[row * k + i];
      for (let j = 0; j < n; j++) out[row * n + j] += factor * right[matrix + i * n + j];
    }
  }
  return out;
};

export const evaluateConv: EvaluateRule<Attributes['conv']> = (
  [x, weight, bias],
  attributes,
  { shape },
) => {
  const out = filledWithBias(shape, bias);
  forEachRun(x.shape, shape, weight.shape, attributes, (wide, narrow, tap, count, step) => {
    const factor = weight.data[tap];
    for (let i = 0; i < count; i++) out[narrow + i] += factor * x.data[wide + i * step];
  });
  return out;
};

/** The adjoint of a convolution: the same products, summed where a convolution reads. */
export const evaluateConvTranspose: EvaluateRule<Attributes['convTranspose']> = (
  [x, weight, bias],
  attributes,
  { shape },
) => {
  const out = filledWithBias(shape, bias);
  forEachRun(shape, x.shape, weight.shape, attributes, (wide, narrow, tap, count, step) => {
    const factor = weight.data[tap];
    for (let i = 0; i < count; i++) out[wide + i * step] += factor * x.data[narrow + i];
  });
  return out;
};

export const evaluateConvWeightGradient: EvaluateRule<Attributes['convWeightGradient']> = (
  [x, dy],
  attributes,
  { shape },
) => {
  const out = new Float64Array(elementCount(shape));
  forEachRun(x.shape, dy.shape, shape, attributes, (wide, narrow, tap, count, step) => {
    for (let i = 0; i < count; i++) out[tap] += dy.data[narrow + i] * x.data[wide + i * step];
  });
  return out;
};

function filledWithBias(shape: readonly number[], bias: Operand | undefined): Float64Array {
  const out = new Float64Array(elementCount(shape));
  if (!bias) return out;
  const [n, c] = shape;
  const area = out.length / (n * c);
  for (let map = 0; map < n * c; map++) {
    out.fill(bias.data[map % c], map * area, (map + 1) * area);
  }
  return out;
}

type Run = (wide: number, narrow: number, tap: number, count: number, step: number) => void;

/**
 * All products of a convolution from a wide map to a narrow one, as runs along the rows: element
 * `wide + i * step` of the one meets element `narrow + i` of the other under weight element `tap`,
 * for i < count.
 */
function forEachRun(
  wideShape: readonly number[],
  narrowShape: readonly number[],
  [, perGroup, kh, kw]: readonly number[],
  { strides, pads, dilations, groups }: ConvAttributes,
  run: Run,
): void {
  const [n, wideC, wideH, wideW] = wideShape;
  const [, narrowC, narrowH, narrowW] = narrowShape;
  const narrowPerGroup = narrowC / groups;
  for (let tap = 0; tap < narrowC * perGroup * kh * kw; tap++) {
    const j = tap % kw;
    const i = Math.floor(tap / kw) % kh;
    const inner = Math.floor(tap / (kw * kh)) % perGroup;
    const narrowChannel = Math.floor(tap / (kw * kh * perGroup));
    const wideChannel = Math.floor(narrowChannel / narrowPerGroup) * perGroup + inner;
    const left = j * dilations[1] - pads[1];
    const first = Math.max(0, Math.ceil(-left / strides[1]));
    const end = Math.min(narrowW, Math.floor((wideW - 1 - left) / strides[1]) + 1);
    for (let image = 0; image < n; image++) {
      for (let row = 0; row < narrowH; row++) {
        const wideRow = row * strides[0] + i * dilations[0] - pads[0];
        if (wideRow < 0 || wideRow >= wideH) continue;
        const wide = ((image * wideC + wideChannel) * wideH + wideRow) * wideW;
        const narrow = ((image * narrowC + narrowChannel) * narrowH + row) * narrowW;
        run(wide + left + first * strides[1], narrow + first, tap, end - first, strides[1]);
      }
    }
  }
}
