import type { DType, Shape, Tensor } from '../tensor/index.js';

/** `[top, left, bottom, right]`, the order of ONNX for two spatial axes. */
export type Pads2D = readonly [number, number, number, number];
export type Pair = readonly [number, number];

export interface ConvAttributes {
  readonly strides: Pair;
  readonly pads: Pads2D;
  readonly dilations: Pair;
  readonly groups: number;
}

export interface ConvTransposeAttributes extends ConvAttributes {
  readonly outputPadding: Pair;
}

export interface ReduceAttributes {
  /** Axes to reduce, ascending; they stay in the result with length 1. */
  readonly axes: readonly number[];
}

export interface ConvWeightGradientAttributes extends ConvAttributes {
  /** `[kh, kw]`: the operands alone do not tell it where a stride leaves rows over. */
  readonly kernel: Pair;
}

/** A convolution in one group whose operands are in blocks of channels, of `blockSize` each. */
export interface BlockedConvAttributes extends Omit<ConvAttributes, 'groups'> {
  readonly blockSize: number;
  readonly activation: 'none' | 'relu';
}

type None = Readonly<Record<never, never>>;

/**
 * The primitive operators and what each needs to know besides its operands. Every concern about
 * operators (shape inference, evaluation, differentiation, cost, ONNX) is a total table over this
 * interface's keys, so a new operator shows up as compile errors exactly where it must be written.
 */
export interface Attributes {
  constant: { readonly tensor: Tensor };

  neg: None;
  abs: None;
  sign: None;
  exp: None;
  log: None;
  sqrt: None;
  sin: None;
  cos: None;
  tanh: None;
  sigmoid: None;
  erf: None;
  floor: None;
  round: None;
  relu: None;
  leakyRelu: { readonly alpha: number };
  /** `none`: exact, by erf; `tanh`: Hendrycks and Gimpel's approximation. */
  gelu: { readonly approximate: 'none' | 'tanh' };
  clip: { readonly min: number; readonly max: number };
  cast: { readonly to: DType };

  add: None;
  sub: None;
  mul: None;
  div: None;
  pow: None;
  max: None;
  min: None;
  less: None;
  greater: None;
  equal: None;
  /** `where(condition, a, b)`. */
  where: None;

  reduceSum: ReduceAttributes;
  reduceMean: ReduceAttributes;
  reduceMax: ReduceAttributes;
  softmax: { readonly axis: number };

  reshape: { readonly shape: Shape };
  expand: { readonly shape: Shape };
  transpose: { readonly perm: readonly number[] };
  /** One entry an axis; a negative step walks from `starts` down to, excluding, `ends` (-1: past the first). */
  slice: {
    readonly starts: readonly number[];
    readonly ends: readonly number[];
    readonly steps: readonly number[];
  };
  concat: { readonly axis: number };
  /**
   * Elements before and after each axis. `reflect` does not repeat the edge; `edge` does. With `constant` a negative
   * number takes elements away.
   */
  pad: {
    readonly before: readonly number[];
    readonly after: readonly number[];
    readonly mode: 'constant' | 'reflect' | 'edge';
  };
  /** `gather(data, indices)` along `axis`; indices are int64. */
  gather: { readonly axis: number };
  /** `scatterAdd(indices, updates)`: the adjoint of gather, rows of `updates` summed into `size` rows. */
  scatterAdd: { readonly axis: number; readonly size: number };

  /** Batched matrix product of the last two axes, leading axes broadcast. */
  matmul: None;
  /** `conv(x, weight[, bias])`: weight `[out, in / groups, kh, kw]`. Cross-correlation, as in every framework. */
  conv: ConvAttributes;
  /** `convTranspose(x, weight[, bias])`: weight `[in, out / groups, kh, kw]`. */
  convTranspose: ConvTransposeAttributes;
  /**
   * `convWeightGradient(x, dy)`: what flows from the result of a convolution of `x` `[N, C, H, W]` to its weight
   * `[O, C / groups, kh, kw]`; `dy` `[N, O, outH, outW]` is the gradient at the result.
   */
  convWeightGradient: ConvWeightGradientAttributes;
  /**
   * `[N, C, H, W]` with its elements in the order `[N, C / blockSize, H, W, blockSize]`, in which processors
   * convolve fastest; the shape stays as it is written.
   */
  blockChannels: { readonly blockSize: number };
  /** Out of `blockChannels`' order: its inverse, or straight to `[N, H, W, C]`. */
  unblockChannels: { readonly blockSize: number; readonly to: 'channelsFirst' | 'channelsLast' };
  /**
   * `blockedConv(x, weight, bias[, sum])`: a convolution, `sum` added and then the activation. `x`, `sum` and the
   * result are in `blockChannels`' order, the weight `[O, I, kh, kw]` in the order
   * `[O / blockSize, I / blockSize, kh, kw, I's block, O's block]`.
   */
  blockedConv: BlockedConvAttributes;
  /** `groupNorm(x, weight, bias)` over `[N, C, ...]`. */
  groupNorm: { readonly groups: number; readonly eps: number };
  /** `layerNorm(x, weight, bias)` over the last axis. */
  layerNorm: { readonly eps: number };
  /** Resamples H and W of `[N, C, H, W]`. Nearest: source = floor(target * in / out); linear: half-pixel centres. */
  resize: {
    readonly mode: 'nearest' | 'linear';
    readonly height: number;
    readonly width: number;
  };
  /** Pixel shuffle: channel `c * b * b + i * b + j` goes to pixel (i, j) of its block. */
  depthToSpace: { readonly blockSize: number };
  /** Pixel unshuffle, the inverse of depthToSpace: each block's pixels become channels. */
  spaceToDepth: { readonly blockSize: number };
}

export type Op = keyof Attributes;

export type UnaryOp =
  | 'neg' | 'abs' | 'sign' | 'exp' | 'log' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'erf'
  | 'floor' | 'round' | 'relu'; // prettier-ignore
export type BinaryOp = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'max' | 'min';
export type ComparisonOp = 'less' | 'greater' | 'equal';

/** How many operands an operator takes: [least, most]. */
export const arity: { readonly [O in Op]: readonly [number, number] } = {
  constant: [0, 0],
  neg: [1, 1],
  abs: [1, 1],
  sign: [1, 1],
  exp: [1, 1],
  log: [1, 1],
  sqrt: [1, 1],
  sin: [1, 1],
  cos: [1, 1],
  tanh: [1, 1],
  sigmoid: [1, 1],
  erf: [1, 1],
  floor: [1, 1],
  round: [1, 1],
  relu: [1, 1],
  leakyRelu: [1, 1],
  gelu: [1, 1],
  clip: [1, 1],
  cast: [1, 1],
  add: [2, 2],
  sub: [2, 2],
  mul: [2, 2],
  div: [2, 2],
  pow: [2, 2],
  max: [2, 2],
  min: [2, 2],
  less: [2, 2],
  greater: [2, 2],
  equal: [2, 2],
  where: [3, 3],
  reduceSum: [1, 1],
  reduceMean: [1, 1],
  reduceMax: [1, 1],
  softmax: [1, 1],
  reshape: [1, 1],
  expand: [1, 1],
  transpose: [1, 1],
  slice: [1, 1],
  concat: [1, Infinity],
  pad: [1, 1],
  gather: [2, 2],
  scatterAdd: [2, 2],
  matmul: [2, 2],
  conv: [2, 3],
  convTranspose: [2, 3],
  convWeightGradient: [2, 2],
  blockChannels: [1, 1],
  unblockChannels: [1, 1],
  blockedConv: [3, 4],
  groupNorm: [3, 3],
  layerNorm: [3, 3],
  resize: [1, 1],
  depthToSpace: [1, 1],
  spaceToDepth: [1, 1],
};
