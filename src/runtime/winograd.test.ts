import { describe, expect, it } from 'vitest';
import { createInterpreter, GraphBuilder, type Graph } from '../graph/index.js';
import { Random, tensor, toFloat64 } from '../tensor/index.js';
import { winogradConv } from './winograd.js';
import { winogradRowsConv } from './winogradRows.js';
import {
  inputTransform,
  outputTransform,
  product,
  weightTransform,
  type Matrix,
} from './winogradMatrices.js';

interface Case {
  readonly shape: readonly [number, number, number, number];
  readonly enlargement: 1 | 2;
  readonly tileRows: number;
  readonly bias: boolean;
}

const cases: readonly Case[] = [
  { shape: [1, 3, 8, 12], enlargement: 1, tileRows: 9, bias: true },
  { shape: [2, 2, 9, 7], enlargement: 1, tileRows: 2, bias: true },
  { shape: [1, 1, 3, 14], enlargement: 1, tileRows: 1, bias: false },
  { shape: [1, 3, 8, 4], enlargement: 2, tileRows: 1, bias: true },
  { shape: [2, 2, 5, 6], enlargement: 2, tileRows: 3, bias: false },
];

type Form = 'plain' | 'both' | 'rows';

function graphOf(form: Form, { shape, enlargement, tileRows, bias }: Case): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', shape);
  const weight = b.param('weight', [5, shape[1], 3, 3]);
  const offset = bias ? b.param('bias', [5]) : null;
  if (form === 'both') {
    return b.build({ y: winogradConv(b, x, weight, offset, { enlargement, tileRows }) });
  }
  const size = { height: shape[2] * enlargement, width: shape[3] * enlargement };
  const larger = enlargement === 1 ? x : b.apply('resize', [x], { mode: 'nearest', ...size });
  if (form === 'rows') {
    return b.build({ y: winogradRowsConv(b, larger, weight, offset, tileRows) });
  }
  return b.build({ y: b.conv(larger, weight, offset, { pads: [1, 1, 1, 1] }) });
}

describe.each(['both', 'rows'] as const)("Winograd's form: %s", (form) => {
  it.each(cases)('gives what a convolution gives: $shape x $enlargement', async (one) => {
    const random = Random.seeded(1);
    const [fast, plain] = [graphOf(form, one), graphOf('plain', one)];
    const weights = new Map(
      plain.params.map(({ name, shape }) => [
        name,
        tensor('float32', shape, random.normals(shape.reduce((a, n) => a * n, 1))),
      ]),
    );
    const x = tensor('float32', one.shape, random.normals(one.shape.reduce((a, n) => a * n, 1)));
    const run = async (graph: Graph): Promise<Float64Array> => {
      await using session = await createInterpreter().load(graph, weights);
      return toFloat64((await session.run({ x })).y);
    };
    const [actual, expected] = [await run(fast), await run(plain)];
    expect(fast.outputs.y.shape).toEqual(plain.outputs.y.shape);
    const largest = actual.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i])), 0);
    expect(largest).toBeLessThan(2e-5);
  });
});

describe('the matrices', () => {
  it('make four outputs of a filter from six inputs, exactly', () => {
    const column = (values: readonly number[]): Matrix => values.map((value) => [value]);
    const [d, g] = [[3, -1, 4, 1, -5, 9], [2, 7, -1]]; // prettier-ignore
    const inputs = product(inputTransform, column(d));
    const taps = product(weightTransform, column(g));
    const outputs = product(
      outputTransform,
      inputs.map(([value], i) => [value * taps[i][0]]),
    );
    const expected = [0, 1, 2, 3].map((i) => g[0] * d[i] + g[1] * d[i + 1] + g[2] * d[i + 2]);
    for (const [i, [value]] of outputs.entries()) expect(value).toBeCloseTo(expected[i], 10);
  });
});
