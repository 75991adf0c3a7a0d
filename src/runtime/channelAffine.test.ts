import { expect, it } from 'vitest';
import { createInterpreter, GraphBuilder, type Graph } from '../graph/index.js';
import { float32, toFloat32 } from '../tensor/index.js';
import { cpuGraph } from './cpuGraph.js';

function affine(asParams: boolean): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', [1, 2, 2, 2]);
  const vector = (name: string) =>
    b.reshape(asParams ? b.param(name, [2]) : b.input(name, [2]), [1, 2, 1, 1]);
  return b.build({ y: b.add(b.mul(x, vector('scale')), vector('shift')) });
}

const x = float32([1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
const weights = new Map([
  ['scale', float32([2], [2, -1])],
  ['shift', float32([2], [0.5, 3])],
]);

it('is one depthwise convolution where its weights stay', async () => {
  const graph = cpuGraph(affine(true));
  expect(graph.nodes.map(({ op }) => op)).toContain('conv');
  expect(graph.nodes.map(({ op }) => op)).not.toContain('mul');
  await using session = await createInterpreter().load(graph, weights);
  const { y } = await session.run({ x });
  expect([...toFloat32(y)]).toEqual([2.5, 4.5, 6.5, 8.5, -2, -3, -4, -5]);
});

it('stays as it is while its weights are trained', () => {
  expect(cpuGraph(affine(false)).nodes.map(({ op }) => op)).not.toContain('conv');
});
