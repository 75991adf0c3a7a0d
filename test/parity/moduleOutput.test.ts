import { expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/index.js';
import { conv2d, linear } from '../../src/nn/index.js';
import { moduleOutput } from '../../tools/parity/moduleOutput.js';

it('finds what a module gives by its tap, or by the weights of a layer', () => {
  const b = new GraphBuilder();
  const map = conv2d(b, 'conv', b.input('x', [1, 2, 4, 4]), 3);
  const tapped = b.tap('block', b.relu(map), 1);
  const cells = b.reshape(tapped, [16, 3]);
  const plain = linear(b, 'to_q', cells, 5, { bias: false });
  const out = linear(b, 'to_out.0', plain, 6);
  const graph = b.build({ out });
  expect(moduleOutput(graph, 'conv')).toBe(map);
  expect(moduleOutput(graph, 'block')).toBe(tapped);
  expect(moduleOutput(graph, 'to_q')).toBe(plain);
  expect(moduleOutput(graph, 'to_out.0')).toBe(out);
  expect(() => moduleOutput(graph, 'mid_block')).toThrow('expected a module mid_block, got no tap');
});
