import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  differentiate,
  evaluateGraph,
  GraphBuilder,
  verifyGraph,
  type ConvAttributes,
  type Graph,
  type NamedValue,
  type Numbers,
  type Value,
} from '../graph/index.js';
import { elementCount, fromFloat64, Random, toFloat64 } from '../tensor/index.js';
import { blockedGraph, wantsBlocks } from './blockedGraph.js';
import { createNodeExecutor } from './ort-node.js';

interface Layer {
  readonly outChannels: number;
  readonly kernel: readonly [number, number];
  readonly window: Omit<ConvAttributes, 'groups'>;
  readonly after: 'nothing' | 'relu' | 'residual' | 'silu' | 'shuffle' | 'sum' | 'shift' | 'chosen';
}

interface Network {
  readonly batch: number;
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly layers: readonly Layer[];
}

/** The squares of what layers make of `sample`, whose weights are inputs, and the gradient of each weight. */
function trainingStep({ batch, channels, size, layers }: Network): Graph {
  const b = new GraphBuilder();
  const names: string[] = [];
  const fed = (name: string, shape: readonly number[]): NamedValue => {
    names.push(name);
    return b.input(name, shape);
  };
  let hidden: Value = b.input('sample', [batch, channels, ...size]);
  layers.forEach(({ outChannels, kernel, window, after }, i) => {
    const weight = fed(`${i}.weight`, [outChannels, hidden.shape[1], ...kernel]);
    const conv = b.conv(hidden, weight, fed(`${i}.bias`, [outChannels]), window);
    hidden = finish(b, after, hidden, conv);
  });
  const loss = b.reshape(b.reduceMean(b.mul(hidden, hidden), [0, 1, 2, 3]), []);
  return differentiate(b.build({ loss }), 'loss', names);
}

function finish(b: GraphBuilder, after: Layer['after'], before: Value, conv: Value): Value {
  switch (after) {
    case 'relu':
      return b.relu(conv);
    case 'silu':
      return b.silu(conv);
    case 'residual':
      return before.shape.join() === conv.shape.join() ? b.relu(b.add(conv, before)) : conv;
    case 'shuffle':
      return conv.shape[1] % 4 === 0 ? b.pixelShuffle(conv, 2) : conv;
    case 'sum':
      return b.add(conv, b.reduceMean(conv, [2, 3]));
    case 'shift':
      return b.shift(conv, 0.5);
    case 'chosen': {
      // A condition in one order that is asked for in the other.
      const positive = b.apply('greater', [conv, b.scalar(0)], {});
      return b.apply('where', [positive, conv, b.reduceMean(conv, [2, 3])], {});
    }
    case 'nothing':
      return conv;
  }
}

function randomNumbers({ inputs }: Graph): Numbers {
  const random = Random.seeded(3);
  return Object.fromEntries(
    inputs.map(({ name, shape }) => [
      name,
      Float64Array.from(random.normals(elementCount(shape)), (value) => value / 2),
    ]),
  );
}

const pair = (least: number, most: number): fc.Arbitrary<readonly [number, number]> =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

const layer: fc.Arbitrary<Layer> = fc.record({
  outChannels: fc.constantFrom(2, 3, 4, 8),
  kernel: pair(1, 3),
  window: fc.record({
    strides: fc.constantFrom([1, 1] as const, [1, 1] as const, [2, 1] as const),
    dilations: fc.constantFrom([1, 1] as const, [1, 2] as const),
    pads: fc.tuple(...[2, 2, 2, 2].map((max) => fc.integer({ min: 0, max }))) as fc.Arbitrary<
      [number, number, number, number]
    >,
  }),
  after: fc.constantFrom(
    'nothing',
    'relu',
    'residual',
    'silu',
    'shuffle',
    'sum',
    'shift',
    'chosen',
  ),
});

const network: fc.Arbitrary<Network> = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  channels: fc.constantFrom(2, 3, 4),
  size: pair(6, 8),
  layers: fc.array(layer, { minLength: 1, maxLength: 3 }),
});

const same = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] } as const;
const wide: Layer = { outChannels: 32, kernel: [3, 3], window: same, after: 'residual' };

/** What a restorer is made of, with as many channels as a processor has in a block. */
const restorer: Network = {
  batch: 2,
  channels: 3,
  size: [8, 8],
  layers: [
    { ...wide, after: 'relu' },
    wide,
    { ...wide, window: { ...same, strides: [2, 2] }, after: 'relu' },
    { ...wide, outChannels: 64, kernel: [1, 1], window: { ...same, pads: [0, 0, 0, 0] } },
    { ...wide, outChannels: 64, after: 'chosen' },
    { ...wide, outChannels: 64, after: 'shuffle' },
    { ...wide, outChannels: 16, after: 'silu' },
  ],
};

describe('blockedGraph', () => {
  it('computes what the graph does', () => {
    fc.assert(
      fc.property(network, (drawn) => {
        const plain = builtOrNull(drawn);
        fc.pre(plain !== null);
        const blocked = blockedGraph(plain, 2);
        verifyGraph(blocked);
        const feeds = randomNumbers(plain);
        const expected = evaluateGraph(plain, feeds);
        const found = evaluateGraph(blocked, feeds);
        expect(Object.keys(found)).toEqual(Object.keys(expected));
        for (const [name, values] of Object.entries(expected)) {
          const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
          values.forEach((value, i) => {
            expect(Math.abs(found[name][i] - value)).toBeLessThan(1e-10 * scale);
          });
        }
      }),
      { numRuns: 150 },
    );
  });

  it('leaves no convolution of whole blocks as it was, nor its gradients', () => {
    const { nodes } = blockedGraph(trainingStep(restorer), 16);
    const of = (op: string): number => nodes.filter((node) => node.op === op).length;
    // Of three channels, and back through a stride.
    expect([of('conv'), of('convTranspose'), of('convWeightGradient')]).toEqual([1, 1, 0]);
    expect(of('blockedConv')).toBeGreaterThan(10);
    // An activation or an addition that follows a convolution is part of it.
    expect(of('relu')).toBe(1);
  });

  it('leaves weights that stay to the runtime, which lays them out itself', () => {
    const b = new GraphBuilder();
    const held = b.conv(b.input('x', [1, 16, 4, 4]), b.param('weight', [16, 16, 3, 3]), null);
    expect(wantsBlocks(b.build({ y: held }), 8)).toBe(false);
    expect(wantsBlocks(trainingStep(restorer), 8)).toBe(true);
  });
});

it('a processor computes the same, with kernels for blocks where it has them', async () => {
  const graph = trainingStep(restorer);
  const numbers = randomNumbers(graph);
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => [name, fromFloat64('float32', shape, numbers[name])]),
  );
  const expected = evaluateGraph(graph, feeds);
  await using session = await createNodeExecutor().load(graph, new Map());
  const results = await session.run(feeds);
  for (const [name, values] of Object.entries(expected)) {
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    toFloat64(results[name]).forEach((value, i) => {
      expect(Math.abs(value - values[i])).toBeLessThan(1e-5 * scale);
    });
  }
});

/** Null where a layer leaves nothing of the map. */
function builtOrNull(drawn: Network): Graph | null {
  try {
    return trainingStep(drawn);
  } catch {
    return null;
  }
}
