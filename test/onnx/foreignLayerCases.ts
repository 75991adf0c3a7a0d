import type { AttributeValue } from '../../src/onnx/proto.js';
import type { Tensor } from '../../src/tensor/index.js';
import type { ForeignCase } from './foreignCases.js';
import { listed, normal, positive } from './foreignModel.js';

type Attributes = Readonly<Record<string, AttributeValue>>;

/** One node `y = opType(x, ...weights)`; `_` skips an operand. */
function layer(
  opType: string,
  variant: string,
  attributes: Attributes,
  x: Tensor,
  weights: Readonly<Record<string, Tensor | null>> = {},
  opset = 21,
): ForeignCase {
  const names = Object.entries(weights).map(([name, weight]) => (weight ? name : '_'));
  const initializers = Object.fromEntries(
    Object.entries(weights).flatMap(([name, weight]) => (weight ? [[name, weight]] : [])),
  );
  const nodes = [[opType, ['x', ...names].join(' '), 'y', attributes]] as const;
  return [`${opType}: ${variant} (${opset})`, { nodes, inputs: { x }, initializers, opset }];
}

const image = normal([2, 4, 7, 6]);
const kernel = { w: normal([6, 4, 3, 3], 2), b: normal([6], 3) };

const products: readonly ForeignCase[] = [
  layer('MatMul', 'matrices', {}, normal([2, 3, 4]), { w: normal([4, 5], 2) }),
  layer('MatMul', 'a vector on the right', {}, normal([2, 3, 4]), { w: normal([4], 2) }),
  layer('MatMul', 'a vector on the left', {}, normal([4]), { w: normal([2, 4, 5], 2) }),
  layer('MatMul', 'two vectors', {}, normal([4]), { w: normal([4], 2) }),
  layer('Gemm', 'a linear layer', { transB: 1 }, normal([3, 4]), { w: normal([5, 4], 2), b: normal([5], 3) }),
  layer('Gemm', 'everything', { transA: 1, alpha: { float: 0.5 }, beta: { float: 2 } }, normal([4, 3]), {
    w: normal([4, 5], 2), b: normal([3, 1], 3),
  }),
  layer('Gemm', 'no bias', {}, normal([3, 4]), { w: normal([4, 5], 2) }),
  layer('Conv', 'defaults', {}, image, kernel),
  layer('Conv', 'asymmetric', { pads: [1, 0, 2, 1], strides: [2, 1], dilations: [1, 2], kernel_shape: [3, 3] }, image, kernel),
  layer('Conv', 'depthwise', { group: 4, pads: [1, 1, 1, 1] }, image, { w: normal([4, 1, 3, 3], 2) }),
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map((auto_pad) =>
    layer('Conv', auto_pad, { auto_pad, strides: [2, 2] }, image, kernel),
  ),
  layer('Conv', 'one axis', { pads: [2, 1], strides: [2] }, normal([2, 4, 9]), { w: normal([6, 4, 3], 2), b: normal([6], 3) }),
  layer('ConvTranspose', 'padding', { pads: [1, 1, 1, 1], strides: [2, 2], output_padding: [1, 0] }, image, {
    w: normal([4, 3, 3, 3], 2), b: normal([3], 3),
  }),
  layer('ConvTranspose', 'groups', { group: 2, strides: [2, 2] }, image, { w: normal([4, 3, 2, 2], 2) }),
  layer('ConvTranspose', 'output_shape', { output_shape: [15, 13], strides: [2, 2] }, image, { w: normal([4, 3, 4, 4], 2) }),
  layer('ConvTranspose', 'a larger output_shape', { output_shape: [16, 13], strides: [2, 2] }, image, { w: normal([4, 3, 3, 3], 2) }),
  layer('ConvTranspose', 'SAME_UPPER', { auto_pad: 'SAME_UPPER', strides: [2, 2] }, image, { w: normal([4, 3, 3, 3], 2) }),
  layer('ConvTranspose', 'one axis', { strides: [2], pads: [1, 0] }, normal([2, 4, 5]), { w: normal([4, 3, 4], 2) }),
]; // prettier-ignore

const channels = { w: normal([4], 2), b: normal([4], 3) };

const norms: readonly ForeignCase[] = [
  layer('BatchNormalization', 'a map', { epsilon: { float: 1e-3 } }, image, {
    ...channels, mean: normal([4], 4), variance: positive([4], 5),
  }),
  layer('BatchNormalization', 'rows', {}, normal([3, 4]), {
    ...channels, mean: normal([4], 4), variance: positive([4], 5),
  }, 9),
  layer('InstanceNormalization', 'a map', { epsilon: { float: 1e-3 } }, image, channels),
  layer('GroupNormalization', 'a number a channel', { num_groups: 2 }, image, channels),
  layer('GroupNormalization', 'a number a group', { num_groups: 2 }, image, {
    w: normal([2], 2), b: normal([2], 3),
  }, 18),
  layer('LayerNormalization', 'the last axis', {}, normal([2, 3, 4]), channels),
  layer('LayerNormalization', 'two axes, no bias', { axis: -2, epsilon: { float: 0.1 } }, normal([2, 3, 4]), { w: normal([3, 4], 2) }),
  layer('RMSNormalization', 'the last axis', {}, normal([2, 3, 4]), { w: normal([4], 2) }, 23),
  layer('LpNormalization', 'euclidean', { axis: 1, p: 2 }, normal([2, 3, 4])),
  layer('LpNormalization', 'absolute', { axis: -1, p: 1 }, normal([2, 3, 4])),
]; // prettier-ignore

const windows: readonly Attributes[] = [
  { kernel_shape: [2, 2], strides: [2, 2] },
  { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  { kernel_shape: [3, 2], strides: [2, 3], ceil_mode: 1 },
  { kernel_shape: [3, 3], strides: [3, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
  { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' },
  { kernel_shape: [2, 2], dilations: [2, 2] },
];

const pools: readonly ForeignCase[] = [
  ...windows.map((window, i) => layer('MaxPool', `window ${i}`, window, image)),
  ...windows.map((window, i) => layer('AveragePool', `window ${i}`, window, image)),
  ...windows.map((window, i) =>
    layer('AveragePool', `window ${i} with padding`, { ...window, count_include_pad: 1 }, image),
  ),
  layer('GlobalAveragePool', 'a map', {}, image),
  layer('GlobalMaxPool', 'a map', {}, image),
]; // prettier-ignore

function resize(
  variant: string,
  attributes: Attributes,
  by: Record<string, Tensor | null>,
  opset = 21,
): ForeignCase {
  return layer('Resize', variant, attributes, image, { roi: null, ...by }, opset);
}

const sizes = (height: number, width: number): Record<string, Tensor | null> => ({
  scales: null,
  sizes: listed([2, 4, height, width]),
});
const scales = (height: number, width: number): Record<string, Tensor | null> => ({
  scales: listed([1, 1, height, width], 'float32'),
});

const resizes: readonly ForeignCase[] = [
  ...['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric', 'half_pixel_symmetric'].flatMap(
    (coordinate_transformation_mode) => [
      ...['linear', 'cubic'].flatMap((mode) => [
        resize(`${mode} ${coordinate_transformation_mode}, larger`, { mode, coordinate_transformation_mode }, sizes(13, 12)),
        resize(`${mode} ${coordinate_transformation_mode}, by 1.7`, { mode, coordinate_transformation_mode }, scales(1.7, 2)),
        resize(`${mode} ${coordinate_transformation_mode}, smaller`, { mode, coordinate_transformation_mode }, sizes(3, 1)),
      ]),
      ...['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].flatMap((nearest_mode) => [
        resize(`${nearest_mode} ${coordinate_transformation_mode}`, { nearest_mode, coordinate_transformation_mode }, scales(2, 3)),
        resize(`${nearest_mode} ${coordinate_transformation_mode}, odd`, { nearest_mode, coordinate_transformation_mode }, sizes(16, 4)),
      ]),
    ],
  ),
  resize('linear antialias', { mode: 'linear', antialias: 1 }, sizes(3, 4), 18),
  resize('cubic antialias', { mode: 'cubic', antialias: 1 }, sizes(4, 3), 18),
  resize('cubic, edges excluded', { mode: 'cubic', exclude_outside: 1, cubic_coeff_a: { float: -0.5 } }, sizes(9, 9)),
  resize('two axes', { axes: [2, 3] }, { scales: null, sizes: listed([14, 6]) }, 18),
  layer('Resize', 'nearest', { mode: 'nearest' }, image, { scales: listed([1, 1, 2, 2], 'float32') }, 10),
  layer('Resize', 'linear', { mode: 'linear' }, image, { scales: listed([1, 1, 2, 2], 'float32') }, 10),
  layer('Upsample', 'nearest', { mode: 'nearest' }, image, { scales: listed([1, 1, 2, 2], 'float32') }, 9),
  layer('Upsample', 'nearest, attribute', { mode: 'nearest', scales: { floats: [1, 1, 2, 3] } }, image, {}, 7),
]; // prettier-ignore

export const foreignLayerCases: readonly ForeignCase[] = [
  ...products,
  ...norms,
  ...pools,
  ...resizes,
];
