import { GraphBuilder, type Graph } from '../../src/graph/index.js';
import {
  groupNorms,
  linear,
  projectContext,
  resnetBlock2d,
  transformer2d,
} from '../../src/nn/index.js';
import { elementCount, float32, Random, tensor, type Tensor } from '../../src/tensor/index.js';

const size = [1, 16, 4, 4] as const;

/** A residual block with a timestep, and a transformer: what a level of the SD U-Net consists of. */
export function unetLevel(): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', size);
  const timestep = b.input('timestep', [1]);
  const context = b.input('context', [1, 5, 12]);
  const frequencies = b.constant(
    float32(
      [1, 8],
      Array.from({ length: 8 }, (_, i) => 10_000 ** (-i / 8)),
    ),
  );
  const angles = b.mul(b.reshape(timestep, [1, 1]), frequencies);
  const waves = ['cos', 'sin'].map((op) => b.apply(op as 'cos' | 'sin', [angles], {}));
  const embedding = b.concat(waves, 1);
  const temb = linear(b, 'time', b.silu(linear(b, 'embed', embedding, 32)), 32);
  const options = { outChannels: 16, norm: groupNorms(4), eps: 1e-5 };
  const hidden = resnetBlock2d(b, 'resnet', sample, temb, options);
  const mixed = transformer2d(b, 'attention', hidden, {
    heads: 2,
    norm: groupNorms(4),
    reduction: 1,
    crossAttentionContext: (name, channels) => projectContext(b, name, context, channels),
  });
  return b.build({ y: mixed, embedding });
}

/** Weights that keep activations near 1. */
export function weightsOf(graph: Graph): Map<string, Tensor> {
  const random = Random.seeded(3);
  return new Map(
    graph.params.map(({ name, shape }) => {
      const fanIn = Math.max(1, elementCount(shape.slice(1)));
      const drawn = random.normals(elementCount(shape)).map((x) => x / Math.sqrt(fanIn));
      const isScale = /norm\d?\.weight$/.test(name);
      return [name, tensor('float32', shape, isScale ? drawn.map((x) => 1 + x / 4) : drawn)];
    }),
  );
}

/** Normal numbers times `scale`. */
export function feedsOf(graph: Graph, scale = 1): Record<string, Tensor> {
  const random = Random.seeded(4);
  const drawn = graph.inputs.map(({ name, shape }): [string, Tensor] => [
    name,
    tensor(
      'float32',
      shape,
      random.normals(elementCount(shape)).map((x) => x * scale),
    ),
  ]);
  return Object.fromEntries(drawn);
}
