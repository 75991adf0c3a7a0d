import { describe, expect, it } from 'vitest';
import { Random } from '../tensor/index.js';
import { GraphBuilder } from './builder.js';
import { graphCost } from './cost.js';
import { foldUpsampling } from './foldUpsampling.js';
import { evaluateGraph } from './interpreter.js';
import type { Graph } from './ir.js';

interface Variation {
  readonly height?: number;
  readonly kernel?: number;
  readonly mode?: 'nearest' | 'linear';
  readonly tapped?: boolean;
  readonly bias?: boolean;
}

function upsampler({
  height = 6,
  kernel = 3,
  mode = 'nearest',
  tapped,
  bias = true,
}: Variation): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', [2, 5, 3, 4]);
  const enlarged = b.apply('resize', [x], { mode, height, width: 8 });
  if (tapped) b.tap('enlarged', enlarged, 1);
  const weight = b.param('weight', [6, 5, kernel, kernel]);
  const pad = (kernel - 1) / 2;
  const y = b.conv(enlarged, weight, bias ? b.param('bias', [6]) : null, {
    pads: [pad, pad, pad, pad],
  });
  b.tap('y', y, 1);
  return b.build({ y: b.relu(y) });
}

function outputs(graph: Graph): readonly Float64Array[] {
  const random = Random.seeded(5);
  const feeds = [...graph.inputs, ...graph.params].map(({ name, shape }) => {
    const length = shape.reduce((a, n) => a * n, 1);
    return [name, Float64Array.from(random.normals(length))] as const;
  });
  return Object.values(evaluateGraph(graph, Object.fromEntries(feeds)));
}

describe('foldUpsampling', () => {
  it.each([{}, { bias: false }])('computes the same from the small map, %j', (variation) => {
    const graph = upsampler(variation);
    const folded = foldUpsampling(graph);
    expect(folded.nodes.some(({ op }) => op === 'resize')).toBe(false);
    expect(folded.taps.map(({ name, value }) => [name, value.shape])).toEqual([
      ['y', [2, 6, 6, 8]],
    ]);
    const [expected] = outputs(graph);
    const [actual] = outputs(folded);
    expected.forEach((value, i) => {
      expect(actual[i]).toBeCloseTo(value, 10);
    });
  });

  it('leaves half of the products', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [1, 32, 64, 64]);
    const enlarged = b.apply('resize', [x], { mode: 'nearest', height: 128, width: 128 });
    const conv = b.conv(enlarged, b.param('weight', [32, 32, 3, 3]), null, { pads: [1, 1, 1, 1] });
    const graph = b.build({ y: conv });
    expect(graphCost(foldUpsampling(graph)).macs / graphCost(graph).macs).toBeLessThan(0.47);
  });

  it.each([{ height: 7 }, { kernel: 1 }, { mode: 'linear' }, { tapped: true }] as const)(
    'leaves alone what is something else, %j',
    (variation) => {
      const graph = upsampler(variation);
      expect(foldUpsampling(graph)).toBe(graph);
    },
  );

  it('leaves weights alone that change from run to run', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [1, 2, 4, 4]);
    const enlarged = b.apply('resize', [x], { mode: 'nearest', height: 8, width: 8 });
    const weight = b.input('weight', [2, 2, 3, 3]);
    const graph = b.build({ y: b.conv(enlarged, weight, null, { pads: [1, 1, 1, 1] }) });
    expect(foldUpsampling(graph)).toBe(graph);
  });
});
