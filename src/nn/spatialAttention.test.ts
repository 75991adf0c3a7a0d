import { expect, it } from 'vitest';
import { createInterpreter, GraphBuilder } from '../graph/index.js';
import { elementCount, Random, tensor, toFloat64, type Tensor } from '../tensor/index.js';
import { linear } from './linear.js';
import { groupNorm } from './norm.js';
import { spatialAttention } from './spatialAttention.js';

it('is attention of every cell to every cell, also in chunks of the queries', async () => {
  const [channels, side] = [4, 33];
  const cells = side * side;
  const b = new GraphBuilder();
  const x = b.input('x', [1, channels, side, side]);
  const chunked = spatialAttention(b, 'attentions.0', x, { groups: 2, eps: 1e-6 });
  const graph = b.build({ chunked });
  expect(graph.nodes.filter((node) => node.op === 'softmax')).toHaveLength(3);

  const whole = new GraphBuilder();
  const input = whole.input('x', [1, channels, side, side]);
  const normed = groupNorm(whole, 'attentions.0.group_norm', input, 2, 1e-6);
  const tokens = whole.transpose(whole.reshape(normed, [1, channels, cells]), [0, 2, 1]);
  const part = (name: string) => linear(whole, `attentions.0.${name}`, tokens, channels);
  const scores = whole.matmul(part('to_q'), whole.transpose(part('to_k'), [0, 2, 1]));
  const weights = whole.apply('softmax', [whole.scale(scores, 0.5)], { axis: 2 });
  const mixed = linear(
    whole,
    'attentions.0.to_out.0',
    whole.matmul(weights, part('to_v')),
    channels,
  );
  const map = whole.reshape(whole.transpose(mixed, [0, 2, 1]), [1, channels, side, side]);
  const reference = whole.build({ whole: whole.add(input, map) });

  const random = Random.seeded(1);
  const values = new Map<string, Tensor>(
    graph.params.map(({ name, shape }) => [
      name,
      tensor('float32', shape, random.normals(elementCount(shape))),
    ]),
  );
  const feeds = { x: tensor('float32', x.shape, random.normals(channels * cells)) };
  await using first = await createInterpreter().load(graph, values);
  await using second = await createInterpreter().load(reference, values);
  const actual = toFloat64((await first.run(feeds)).chunked);
  const expected = toFloat64((await second.run(feeds)).whole);
  const largest = actual.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i])), 0);
  expect(largest).toBeLessThan(1e-5);
});
