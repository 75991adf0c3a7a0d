import type { GraphBuilder, Value } from '../../graph/index.js';
import { conv2d } from '../../nn/index.js';
import { float32, toFloat64, type Tensor, type Weights } from '../../tensor/index.js';
import {
  convShape,
  shuffledChannels,
  type ForeignArchitecture,
  type StateShapes,
} from './foreignArchitecture.js';

/** DIV2K's, which every SPAN that normalises was trained with; the file does not say. */
const RGB_MEAN = [0.4488, 0.4371, 0.404];
const IMAGE_RANGE = 255;
const BLOCKS = 6;

/** SPAN (Wan et al. 2023): attention without parameters, and convolutions of several branches, which are merged. */
export function recognizeSpan(state: StateShapes): ForeignArchitecture | undefined {
  const first = state.get('conv_1.sk.weight')?.shape ?? state.get('conv_1.eval_conv.weight')?.shape;
  const isSpan =
    first?.length === 4 &&
    state.has('conv_cat.weight') &&
    state.has('block_1.c3_r.eval_conv.weight') &&
    state.has('conv_2.eval_conv.weight');
  if (!isSpan) return undefined;
  const [channels, inChannels] = first;
  const shuffled = shuffledChannels(convShape(state, 'upsampler.0')?.[0] ?? 0, inChannels);
  if (!shuffled) return undefined;
  const { scale, outChannels } = shuffled;
  const normalises = !state.has('no_norm') && inChannels === 3;
  const build = (b: GraphBuilder, sample: Value): Value => {
    const features = conv2d(b, 'conv_1', normalises ? normalised(b, sample) : sample, channels);
    const blocks: { out: Value; first: Value }[] = [];
    for (let i = 1; i <= BLOCKS; i++) {
      blocks.push(attentionBlock(b, `block_${i}`, blocks.at(-1)?.out ?? features, channels));
    }
    const last = blocks[BLOCKS - 1];
    const joined = [features, conv2d(b, 'conv_2', last.out, channels), blocks[0].out, last.first];
    const out = conv2d(b, 'conv_cat', b.concat(joined, 1), channels, { kernelSize: 1 });
    return b.pixelShuffle(conv2d(b, 'upsampler.0', out, outChannels * scale * scale), scale);
  };
  return {
    architecture: 'SPAN',
    details: `${channels} channels${normalises ? '' : ', without normalisation'}`,
    scale,
    inChannels,
    outChannels,
    multiple: 1,
    takesNoiseLevel: false,
    build,
    fold: mergeBranches,
  };
}

function normalised(b: GraphBuilder, sample: Value): Value {
  const mean = b.constant(float32([1, 3, 1, 1], RGB_MEAN));
  return b.scale(b.sub(sample, mean), IMAGE_RANGE);
}

function attentionBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  channels: number,
): { out: Value; first: Value } {
  const first = conv2d(b, `${name}.c1_r`, x, channels);
  const second = conv2d(b, `${name}.c2_r`, b.silu(first), channels);
  const third = conv2d(b, `${name}.c3_r`, b.silu(second), channels);
  const attention = b.shift(b.sigmoid(third), -0.5);
  return { out: b.mul(b.add(third, x), attention), first };
}

/** One 3x3 convolution for each group of branches; those that a file has merged already are taken as they are. */
function mergeBranches(weights: Weights): Weights {
  const merged = new Map<string, Tensor>();
  for (const [name, weight] of weights) {
    const branch = /^(.*)\.(sk|conv\.\d|eval_conv)\.(weight|bias)$/.exec(name);
    if (!branch) merged.set(name, weight);
    else if (!merged.has(`${branch[1]}.weight`)) {
      for (const [part, value] of mergedConv(weights, branch[1])) merged.set(`${branch[1]}.${part}`, value);
    }
  }
  merged.delete('no_norm');
  return merged;
}

function mergedConv(weights: Weights, name: string): [part: 'weight' | 'bias', value: Tensor][] {
  const get = (part: string): Tensor | undefined => weights.get(`${name}.${part}`);
  const parts = ['conv.0', 'conv.1', 'conv.2', 'sk'].map((part) => ({
    weight: get(`${part}.weight`),
    bias: get(`${part}.bias`),
  }));
  if (parts.some(({ weight, bias }) => !weight || !bias)) {
    return (['weight', 'bias'] as const).flatMap((part) => {
      const value = get(`eval_conv.${part}`);
      return value ? [[part, value] as [typeof part, Tensor]] : [];
    });
  }
  const [before, middle, after, shortcut] = parts.map(({ weight, bias }) => ({
    shape: weight?.shape ?? [],
    weight: weight ? toFloat64(weight) : new Float64Array(),
    bias: bias ? toFloat64(bias) : new Float64Array(),
  }));
  const [out, between] = after.shape;
  const [wide, input] = before.shape;
  // after * (middle * (before * x + b) + b) + b: a product of matrices for each of the nine taps.
  const inner = product(middle, before, between, wide, input);
  const innerBias = Float64Array.from({ length: between }, (_, m) => {
    let sum = middle.bias[m];
    for (let i = 0; i < wide * 9; i++) sum += middle.weight[m * wide * 9 + i] * before.bias[Math.floor(i / 9)];
    return sum;
  });
  const weight = new Float64Array(out * input * 9);
  const bias = new Float64Array(out);
  for (let o = 0; o < out; o++) {
    bias[o] = after.bias[o] + shortcut.bias[o];
    for (let m = 0; m < between; m++) {
      const factor = after.weight[o * between + m];
      bias[o] += factor * innerBias[m];
      for (let i = 0; i < input * 9; i++) weight[o * input * 9 + i] += factor * inner[m * input * 9 + i];
    }
    for (let i = 0; i < input; i++) weight[(o * input + i) * 9 + 4] += shortcut.weight[o * input + i];
  }
  return [
    ['weight', float32([out, input, 3, 3], weight)],
    ['bias', float32([out], bias)],
  ];
}

/** A 3x3 convolution after a 1x1 one, as the weight of one `[rows, input, 9]`. */
function product(
  middle: { readonly weight: Float64Array },
  before: { readonly weight: Float64Array },
  rows: number,
  wide: number,
  input: number,
): Float64Array {
  const result = new Float64Array(rows * input * 9);
  for (let m = 0; m < rows; m++) {
    for (let w = 0; w < wide; w++) {
      for (let i = 0; i < input; i++) {
        const factor = before.weight[w * input + i];
        const [to, from] = [(m * input + i) * 9, (m * wide + w) * 9];
        for (let tap = 0; tap < 9; tap++) result[to + tap] += factor * middle.weight[from + tap];
      }
    }
  }
  return result;
}
