import { expect, it } from 'vitest';
import { GraphBuilder, verifyGraph, type Graph } from '../graph/index.js';
import { missingKernels } from './missingKernels.js';

it('offers every operator once per operand types, as a graph of its own', async () => {
  const builder = new GraphBuilder();
  const x = builder.input('x', [2, 3]);
  const rounded = builder.apply('round', [builder.mul(x, x)], {});
  const halves = builder.apply('cast', [x], { to: 'float16' });
  const graph = builder.build({
    y: builder.apply('round', [builder.mul(rounded, x)], {}),
    z: builder.mul(halves, halves),
  });
  const offered: Graph[] = [];
  const missing = await missingKernels(graph, (alone) => {
    verifyGraph(alone);
    offered.push(alone);
    const [{ op, output }] = alone.nodes;
    return Promise.resolve(op !== 'round' && output.dtype !== 'float16');
  });
  expect(offered.map(({ nodes }) => nodes.length)).toEqual([1, 1, 1, 1]);
  expect(missing).toEqual([
    'cast float32 -> float16',
    'mul float16, float16 -> float16',
    'round float32 -> float32',
  ]);
});
