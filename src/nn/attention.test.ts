import { expect, it } from 'vitest';
import { evaluateGraph, GraphBuilder } from '../graph/index.js';
import { Random } from '../tensor/index.js';
import { attention, projectContext } from './attention.js';

const [tokens, contextTokens, channels, width, heads] = [3, 4, 6, 5, 2];
const size = channels / heads;

it('mixes values by the softmax of scaled products, each head on its own channels', () => {
  const b = new GraphBuilder();
  const x = b.input('x', [1, tokens, channels]);
  const context = b.input('context', [1, contextTokens, width]);
  const read = projectContext(b, 'attn', context, channels);
  const graph = b.build({ y: attention(b, 'attn', x, read, heads) });
  const random = Random.seeded(1);
  const feeds = Object.fromEntries(
    [...graph.inputs, ...graph.params].map(({ name, shape }) => {
      return [name, Float64Array.from(random.normals(shape.reduce((a, n) => a * n, 1)))];
    }),
  );
  const linear = (rows: Float64Array, weight: Float64Array, columns: number): number[][] =>
    Array.from({ length: rows.length / columns }, (_, row) =>
      Array.from({ length: channels }, (_, out) =>
        sum(columns, (i) => rows[row * columns + i] * weight[out * columns + i]),
      ),
    );
  const q = linear(feeds.x, feeds['attn.to_q.weight'], channels);
  const k = linear(feeds.context, feeds['attn.to_k.weight'], width);
  const v = linear(feeds.context, feeds['attn.to_v.weight'], width);
  const mixed = q.flatMap((query) =>
    query.map((_, channel) => {
      const first = Math.floor(channel / size) * size;
      const scores = k.map((key) =>
        Math.exp(sum(size, (i) => query[first + i] * key[first + i]) / Math.sqrt(size)),
      );
      const total = scores.reduce((a, score) => a + score);
      return scores.reduce((a, score, token) => a + (score / total) * v[token][channel], 0);
    }),
  );
  const projected = linear(Float64Array.from(mixed), feeds['attn.to_out.0.weight'], channels);
  const expected = projected.flatMap((row) =>
    row.map((value, i) => value + feeds['attn.to_out.0.bias'][i]),
  );
  const { y } = evaluateGraph(graph, feeds);
  // The scale is a float32 literal.
  expected.forEach((value, i) => {
    expect(y[i]).toBeCloseTo(value, 6);
  });
});

function sum(length: number, term: (i: number) => number): number {
  return Array.from({ length }, (_, i) => term(i)).reduce((a, value) => a + value, 0);
}
