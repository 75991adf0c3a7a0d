import { describe, expect, it } from 'vitest';
import { createInterpreter, GraphBuilder, type Graph, type Value } from '../graph/index.js';
import { float32, toFloat64 } from '../tensor/index.js';
import { transposeJoined } from './transposeJoined.js';

const length = 2 * 3 * 5 * 4;
const x = float32(
  [length],
  Array.from({ length }, (_, i) => i),
);

function graphOf(permuted: (b: GraphBuilder, x: Value) => Value): Graph {
  const b = new GraphBuilder();
  return b.build({ y: b.reshape(permuted(b, b.input('x', [length])), [length]) });
}

describe('transposeJoined', () => {
  it.each([
    { shape: [2, 3, 1, 5, 4], perm: [0, 2, 3, 4, 1], rank: 3 },
    { shape: [2, 3, 5, 4], perm: [2, 3, 0, 1], rank: 2 },
    { shape: [1, 6, 5, 4], perm: [2, 0, 3, 1], rank: 2 },
    { shape: [2, 3, 5, 4], perm: [3, 1, 2, 0], rank: 3 },
    { shape: [2, 3, 20], perm: [0, 1, 2], rank: 1 },
  ])('moves $shape by $perm with $rank axes', async ({ shape, perm, rank }) => {
    const run = async (graph: Graph): Promise<Float64Array> => {
      await using session = await createInterpreter().load(graph, new Map());
      return toFloat64((await session.run({ x })).y);
    };
    const joined = graphOf((b, value) => transposeJoined(b, value, shape, perm));
    const plain = graphOf((b, value) => b.transpose(b.reshape(value, shape), perm));
    expect(await run(joined)).toEqual(await run(plain));
    const moves = joined.nodes.filter(({ op }) => op === 'transpose');
    expect(moves.map(({ output }) => output.shape.length)).toEqual([rank]);
  });
});
