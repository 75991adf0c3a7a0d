import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.js';
import { evaluateGraph } from './interpreter.js';
import { verifyGraph } from './verify.js';

describe('GraphBuilder', () => {
  it('returns an operation built before instead of repeating it', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [2, 3]);
    expect(b.sigmoid(x)).toBe(b.sigmoid(x));
    expect(b.reshape(x, [6])).toBe(b.reshape(x, [6]));
    expect(b.reshape(x, [6])).not.toBe(b.reshape(x, [3, 2]));
    const graph = b.build({ y: b.add(b.silu(x), b.silu(x)) });
    expect(graph.nodes.map((node) => node.op)).toEqual(['sigmoid', 'mul', 'add']);
  });

  it('shares equal literals, and tells one open bound from the other', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [2]);
    expect(b.scalar(1)).toBe(b.scalar(1));
    expect(b.scalar(1, 'float64')).not.toBe(b.scalar(1));
    const above = b.apply('clip', [x], { min: 0, max: Infinity });
    const below = b.apply('clip', [x], { min: 0, max: -Infinity });
    expect(above).not.toBe(below);
  });

  it('tells operands apart by their order', () => {
    const b = new GraphBuilder();
    const [x, y] = [b.input('x', [2]), b.input('y', [2])];
    expect(b.sub(x, y)).not.toBe(b.sub(y, x));
  });

  it('leaves out what no output or tap needs, and keeps declared inputs and params', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [1, 2, 3, 3]);
    b.param('unused', [4]);
    b.relu(b.neg(x));
    const seen = b.tap('middle', b.apply('abs', [x], {}), 1);
    const graph = b.build({ y: b.sigmoid(x) });
    expect(graph.nodes.map((node) => node.op)).toEqual(['abs', 'sigmoid']);
    expect(graph.params.map((param) => param.name)).toEqual(['unused']);
    expect(graph.taps).toEqual([{ name: 'middle', value: seen, channels: 2, reduction: 1 }]);
    verifyGraph(graph);
  });

  it('refuses a name given twice', () => {
    const b = new GraphBuilder();
    b.input('x', [1]);
    expect(() => b.param('x', [1])).toThrow('expected a new name, got x a second time');
  });

  it('needs no operation to scale by one, shift by zero or join one part', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [2]);
    expect([b.scale(x, 1), b.shift(x, 0), b.concat([x], 0)]).toEqual([x, x, x]);
  });

  it('holds literals in the dtype asked for, at its precision', () => {
    const b = new GraphBuilder();
    const graph = b.build({
      double: b.scalar(0.1, 'float64'),
      single: b.scalar(0.1),
      integer: b.scalar(3, 'int64'),
    });
    const { double, single, integer } = evaluateGraph(graph, {});
    expect([double[0], single[0], integer[0]]).toEqual([0.1, Math.fround(0.1), 3]);
  });

  it('sums a gradient down to the operand that was broadcast', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [2, 3]);
    const graph = b.build({
      row: b.sumTo(x, [3]),
      column: b.sumTo(x, [2, 1]),
      all: b.sumTo(x, []),
    });
    const sums = evaluateGraph(graph, { x: Float64Array.of(1, 2, 3, 4, 5, 6) });
    expect(Object.values(sums).map((values) => [...values])).toEqual([[5, 7, 9], [6, 15], [21]]);
  });

  it('undoes pixelShuffle by pixelUnshuffle', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [1, 8, 2, 3]);
    const graph = b.build({ y: b.pixelUnshuffle(b.pixelShuffle(x, 2), 2) });
    const numbers = Float64Array.from({ length: 48 }, (_, i) => i);
    expect(evaluateGraph(graph, { x: numbers }).y).toEqual(numbers);
  });
});
