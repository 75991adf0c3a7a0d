import { expect, it } from 'vitest';
import { float32, tensor } from '../tensor/index.js';
import { GraphBuilder } from './builder.js';
import { printGraph } from './print.js';

it('prints one line per input, param, node, output and tap', () => {
  const b = new GraphBuilder();
  const image = b.input('image', [1, 3, 8, 8]);
  const weight = b.param('conv_in.weight', [4, 3, 3, 3]);
  const features = b.conv(image, weight, null, { pads: [1, 1, 1, 1] });
  b.tap('conv_in', features, 1);
  const picked = b.apply(
    'gather',
    [features, b.constant(tensor('int64', [2], BigInt64Array.of(3n, 0n)))],
    { axis: 1 },
  );
  const offset = b.constant(float32([3, 3], new Float32Array(9)));
  const padded = b.apply('pad', [offset], { before: [0, 0], after: [5, 5], mode: 'edge' });
  const graph = b.build({ sample: b.add(picked, padded), raw: image });
  expect(printGraph(graph).split('\n')).toEqual([
    'input image : float32[1, 3, 8, 8]',
    'param conv_in.weight : float32[4, 3, 3, 3]',
    '%2 = conv(image, conv_in.weight) {strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1} : float32[1, 4, 8, 8]',
    '%3 = constant() {tensor: int64[2](3, 0)} : int64[2]',
    '%4 = gather(%2, %3) {axis: 1} : float32[1, 2, 8, 8]',
    '%5 = constant() {tensor: float32[3, 3]} : float32[3, 3]',
    '%6 = pad(%5) {before: [0, 0], after: [5, 5], mode: edge} : float32[8, 8]',
    '%7 = add(%4, %6) : float32[1, 2, 8, 8]',
    'output sample = %7',
    'output raw = image',
    'tap conv_in = %2, 1/1',
    '',
  ]);
});
