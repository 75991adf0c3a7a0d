// Ways to compute the weight gradient of a 3x3 convolution on ONNX Runtime's CPU device.
import { GraphBuilder, Random, tensor, type Graph, type Value } from 'nanosd';
import { createNodeExecutor } from 'nanosd/node';

type Variant = (b: GraphBuilder, x: Value, dy: Value) => Value;

const channels = 48;
const batch = 4;
const side = 48;

/** The padded map's rows and columns under kernel tap (i, j), `[N, C, cells]`, transposed. */
function columnsUnder(b: GraphBuilder, padded: Value, i: number, j: number): Value {
  const under = b.apply('slice', [padded], {
    starts: [0, 0, i, j],
    ends: [batch, channels, i + side, j + side],
    steps: [1, 1, 1, 1],
  });
  return b.transpose(b.reshape(under, [batch, channels, side * side]), [0, 2, 1]);
}

const pad = (b: GraphBuilder, x: Value): Value => b.pad(x, [0, 0, 1, 1], [0, 0, 1, 1]);
const rowsOf = (b: GraphBuilder, dy: Value): Value => b.reshape(dy, [batch, channels, side * side]);
const taps = Array.from({ length: 9 }, (_, tap) => [Math.floor(tap / 3), tap % 3] as const);

const variants: Readonly<Record<string, Variant>> = {
  'one product a tap': (b, x, dy) => {
    const padded = pad(b, x);
    const products = taps.map(([i, j]) => {
      const product = b.matmul(rowsOf(b, dy), columnsUnder(b, padded, i, j));
      return b.reshape(product, [1, batch, channels * channels]);
    });
    return b.reduceSum(b.concat(products, 0), [1]);
  },
  'one product for all taps (im2col)': (b, x, dy) => {
    const padded = pad(b, x);
    const columns = taps.map(([i, j]) => columnsUnder(b, padded, i, j));
    return b.reduceSum(b.matmul(rowsOf(b, dy), b.concat(columns, 2)), [0]);
  },
  'rows shifted in dy, columns in x, three products': (b, x, dy) => {
    const padded = pad(b, x);
    const cells = (side + 2) * side;
    const shifted = [0, 1, 2].map((i) => b.pad(dy, [0, 0, i, 0], [0, 0, 2 - i, 0]));
    const rows = b.reshape(b.concat(shifted, 1), [batch, 3 * channels, cells]);
    const products = [0, 1, 2].map((j) => {
      const columns = b.reshape(b.sliceAxis(padded, 3, j, j + side), [batch, channels, cells]);
      return b.reduceSum(b.matmul(rows, b.transpose(columns, [0, 2, 1])), [0]);
    });
    return b.concat(products, 2);
  },
  'a convolution with swapped axes': (b, x, dy) => {
    const swap = (value: Value): Value => b.transpose(value, [1, 0, 2, 3]);
    return b.conv(swap(x), swap(dy), null, { pads: [1, 1, 1, 1] });
  },
};

/** Prints GFLOP/s of each way, alternating them in rounds; medians. */
export async function benchConvGradient(): Promise<void> {
  const random = Random.seeded(1);
  const shape = [batch, channels, side, side];
  const noise = () => tensor('float32', shape, random.normals(batch * channels * side * side));
  const feeds = { x: noise(), dy: noise() };
  const graphs = Object.entries(variants).map(([name, variant]) => {
    const b = new GraphBuilder();
    const gradient = variant(b, b.input('x', shape), b.input('dy', shape));
    return { name, graph: b.build({ gradient }) };
  });
  graphs.unshift({
    name: 'ours: rows shifted in x, columns in dy, three products',
    graph: ours(shape),
  });
  const executor = createNodeExecutor({ threads: 1 });
  const subjects = await Promise.all(
    graphs.map(async ({ name, graph }) => ({
      name,
      session: await executor.load(graph, new Map()),
      times: new Array<number>(),
    })),
  );
  for (let round = -3; round < 20; round++) {
    for (const { session, times } of subjects) {
      const begun = performance.now();
      await session.run(feeds);
      if (round >= 0) times.push(performance.now() - begun);
    }
  }
  const flops = 2 * batch * side * side * channels * channels * 9;
  for (const { name, times } of subjects) {
    const median = times.sort((a, b) => a - b)[times.length >> 1];
    console.log(`${(flops / median / 1e6).toFixed(0).padStart(5)} GFLOP/s  ${name}`);
  }
}

/** The operator, as an executor computes it whose operands do not lie in blocks of channels. */
function ours(shape: readonly number[]): Graph {
  const b = new GraphBuilder();
  const operands = [b.input('x', shape), b.input('dy', shape)];
  const gradient = b.apply('convWeightGradient', operands, {
    strides: [1, 1],
    pads: [1, 1, 1, 1],
    dilations: [1, 1],
    groups: 1,
    kernel: [3, 3],
  });
  return b.build({ gradient });
}
