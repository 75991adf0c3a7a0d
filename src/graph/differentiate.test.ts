import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.js';
import { continueGraph, differentiate } from './differentiate.js';
import { evaluateGraph } from './interpreter.js';
import type { Graph, Value } from './ir.js';

function lossOf(build: (b: GraphBuilder, x: Value) => Value): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', [3]);
  b.param('unused', [2]);
  return b.build({ loss: b.reshape(b.reduceSum(build(b, x), [0]), []) });
}

const x = Float64Array.of(-1.5, 0.25, 2);
const unused = new Float64Array(2);

function gradientOf(build: (b: GraphBuilder, x: Value) => Value): number[] {
  const graph = differentiate(lossOf(build), 'loss', ['x']);
  return [...evaluateGraph(graph, { x, unused })['grad:x']];
}

// Each rule on its own is held against central differences in test/executors/differentiate.test.ts.
describe('differentiate', () => {
  it('adds up the gradients of every use', () => {
    expect(gradientOf((b, x) => b.add(b.mul(x, x), b.scale(x, 3)))).toEqual([0, 3.5, 7]);
    expect(gradientOf((b, x) => b.add(x, x))).toEqual([2, 2, 2]);
  });

  it('gives zeros to what the loss does not depend on', () => {
    const graph = differentiate(
      lossOf((_, x) => x),
      'loss',
      ['unused', 'x'],
    );
    expect(graph.outputs['grad:unused'].shape).toEqual([2]);
    const results = evaluateGraph(graph, { x, unused });
    expect([...results['grad:unused']]).toEqual([0, 0]);
    expect(results.loss[0]).toBe(0.75);
  });

  it('lets no gradient through integers, conditions or constants', () => {
    const truncate = (b: GraphBuilder, x: Value): Value => {
      const integers = b.apply('cast', [x], { to: 'int64' });
      return b.apply('cast', [integers], { to: 'float32' });
    };
    expect(gradientOf(truncate)).toEqual([0, 0, 0]);
    expect(gradientOf((b, x) => b.mul(truncate(b, x), x)).map((n) => n + 0)).toEqual([-1, 0, 2]);
    expect(
      gradientOf((b, x) => {
        const positive = b.apply('greater', [x, b.scalar(0)], {});
        return b.apply('where', [positive, b.scale(x, 5), b.neg(x)], {});
      }),
    ).toEqual([-1, 5, 5]);
  });

  it('shares a gradient at a tie', () => {
    expect(gradientOf((b, x) => b.apply('max', [x, b.scalar(0.25)], {}))).toEqual([0, 0.5, 1]);
    expect(
      gradientOf((b, x) => b.apply('reduceMax', [b.concat([x, x], 0)], { axes: [0] })),
    ).toEqual([0, 0, 1]);
  });

  it('computes nothing for gradients that nobody wants', () => {
    const b = new GraphBuilder();
    const image = b.input('image', [1, 3, 8, 8]);
    const weight = b.param('weight', [4, 3, 3, 3]);
    const total = b.reduceSum(b.conv(image, weight, null), [0, 1, 2, 3]);
    const graph = b.build({ loss: b.reshape(total, []) });
    const operators = differentiate(graph, 'loss', ['weight']).nodes.map((node) => node.op);
    expect(operators.filter((op) => op === 'conv' || op === 'convTranspose')).toEqual(['conv']);
  });

  it('refuses to overwrite gradients that the graph has already', () => {
    const once = differentiate(
      lossOf((_, x) => x),
      'loss',
      ['x'],
    );
    expect(() => differentiate(once, 'loss', ['x'])).toThrow(
      'expected no output grad:x yet, got one',
    );
  });

  it('names what is wrong with the loss or the names', () => {
    const graph = lossOf((_, x) => x);
    expect(() => differentiate(graph, 'cost', ['x'])).toThrow(
      'differentiate: expected cost to be a scalar output, got no such output',
    );
    const vector = continueGraph(graph);
    const whole = vector.builder.build({ loss: vector.valueOf(graph.inputs[0]) });
    expect(() => differentiate(whole, 'loss', ['x'])).toThrow(
      'differentiate: expected loss to be a scalar output, got [3]',
    );
    expect(() => differentiate(graph, 'loss', ['z'])).toThrow(
      'differentiate: expected an input or param, got z',
    );
  });
});
