import { evaluateGraph, GraphBuilder, type Feeds, type Graph, type Value } from '../graph/index.js';
import { emitRules, encodeModel, nativeBlockRules, toModelProto } from '../onnx/index.js';
import { Random, tensor, toFloat64 } from '../tensor/index.js';
import type { Engine } from './engine.js';

/**
 * How many channels the kernels of an engine have in a block: 16 with AVX-512, 8 with AVX, and null where it has no
 * such kernels. It is ONNX Runtime's own affair, so it is found by trying: the size is right that gives what the
 * operators mean.
 */
export async function findBlockSize(engine: Engine): Promise<number | null> {
  for (const blockSize of [16, 8]) {
    if (await computesInBlocks(engine, blockSize)) return blockSize;
  }
  return null;
}

async function computesInBlocks(engine: Engine, blockSize: number): Promise<boolean> {
  const graph = trial(blockSize);
  const feeds = randomFeeds(graph);
  const rules = { ...emitRules, ...nativeBlockRules(blockSize) };
  const model = encodeModel(toModelProto(graph, new Map(), rules));
  // Where it has no such kernels it refuses the model.
  const opened = await engine.open(model, 'strict').catch(() => null);
  if (!opened) return false;
  try {
    const results = await opened.run(feeds);
    return Object.entries(evaluateGraph(graph, feeds)).every(([name, expected]) =>
      toFloat64(results[name]).every((value, i) => Math.abs(value - expected[i]) < 1e-3),
    );
  } finally {
    await opened.release();
  }
}

/** Every operator of the kind, on more channels than are in a block of any processor. */
function trial(blockSize: number): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', [1, 32, 4, 3]);
  const bias = b.input('bias', [32]);
  const plain = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], blockSize } as const;
  const blocked = b.apply('blockChannels', [x], { blockSize });
  const wide = b.apply('blockedConv', [blocked, b.input('wide', [32, 32, 3, 3]), bias, blocked], {
    ...plain,
    pads: [1, 1, 1, 1],
    activation: 'relu',
  });
  const pointwise = b.apply('blockedConv', [wide, b.input('pointwise', [32, 32, 1, 1]), bias], {
    ...plain,
    activation: 'none',
  });
  const orders = ['channelsFirst', 'channelsLast'] as const;
  const outputs = orders.map((to) => [
    to,
    b.apply('unblockChannels', [pointwise], { blockSize, to }),
  ]);
  return b.build(Object.fromEntries(outputs) as Record<string, Value>);
}

function randomFeeds({ inputs }: Graph): Feeds {
  const random = Random.seeded(1);
  return Object.fromEntries(
    inputs.map(({ name, shape }) => {
      const count = shape.reduce((a, n) => a * n, 1);
      return [name, tensor('float32', shape, random.normals(count))];
    }),
  );
}
