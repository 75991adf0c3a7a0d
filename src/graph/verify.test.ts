import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.js';
import type { Graph, NodeOf, Value } from './ir.js';
import { verifyGraph } from './verify.js';

function example(): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', [2, 3]);
  const weight = b.param('weight', [3]);
  return b.build({ y: b.relu(b.mul(x, weight)) });
}

function problemsOf(graph: Graph): string[] {
  try {
    verifyGraph(graph);
  } catch (error) {
    return (error as Error).message.replace('the graph is not valid: ', '').split('; ');
  }
  return [];
}

describe('verifyGraph', () => {
  it('accepts what the builder makes', () => {
    expect(problemsOf(example())).toEqual([]);
  });

  it('wants every operand defined before its use', () => {
    const graph = example();
    expect(problemsOf({ ...graph, nodes: [...graph.nodes].reverse() })).toEqual([
      '%3 = relu operand 0: expected a value defined before, got %2',
    ]);
  });

  it('wants every value defined once', () => {
    const graph = example();
    const [mul, relu] = graph.nodes;
    expect(problemsOf({ ...graph, nodes: [mul, mul, relu] })).toEqual([
      '%2: expected one definition, got another',
    ]);
  });

  it('wants the recorded types to be the inferred ones', () => {
    const graph = example();
    const [mul, relu] = graph.nodes;
    const wide: Value = { id: 3, shape: [2, 4], dtype: 'float32' };
    const wrong: NodeOf<'relu'> = { op: 'relu', inputs: relu.inputs, attributes: {}, output: wide };
    expect(problemsOf({ ...graph, nodes: [mul, wrong] })).toEqual([
      'output y: expected %3 to be float32[2, 4], got float32[2, 3]',
      '%3 = relu: expected float32[2, 3], got float32[2, 4]',
    ]);
  });

  it('wants operands as they were defined, and that inference accepts', () => {
    const graph = example();
    const [x, weight] = [graph.inputs[0], { ...graph.params[0], shape: [4] }];
    const { output } = graph.nodes[0];
    const wrong: NodeOf<'mul'> = { op: 'mul', inputs: [x, weight], attributes: {}, output };
    expect(problemsOf({ ...graph, nodes: [wrong, graph.nodes[1]] })).toEqual([
      '%2 = mul operand 1: expected %1 to be float32[3], got float32[4]',
      '%2 = mul: expected shapes that broadcast, got [2, 3] and [4]',
    ]);
  });

  it('lists all problems of names at once', () => {
    const graph = example();
    const [x] = graph.inputs;
    const [weight] = graph.params;
    const tap = { name: 'seen', value: x, channels: 3, reduction: 1 };
    const problems = problemsOf({
      inputs: [x, { ...x, id: 8, name: 'weight' }],
      params: [weight, { ...weight, id: 9, name: '' }],
      nodes: graph.nodes,
      outputs: { x: graph.outputs.y, z: { ...x, id: 7 } },
      taps: [tap, tap],
    });
    expect(problems).toEqual([
      'weight: expected one input or param, got another',
      '%9: expected a name, got an empty one',
      'output x: expected a name of its own, got that of an input or param',
      'tap seen: expected one, got another',
      'output z: expected a value defined before, got %7',
    ]);
    expect(problemsOf({ ...graph, outputs: {} })).toEqual(['expected an output, got none']);
  });

  it('lets an input be an output under its own name', () => {
    const b = new GraphBuilder();
    expect(problemsOf(b.build({ x: b.input('x', [1]) }))).toEqual([]);
  });
});
