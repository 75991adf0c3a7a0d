import type { GraphProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { GraphBuilder, type Graph } from '../../src/graph/index.js';
import { toModelProto } from '../../src/onnx/index.js';
import { float32, fromFloat64, type Tensor } from '../../src/tensor/index.js';
import { operatorCases } from '../executors/operatorCases.js';
import { normal } from './foreignModel.js';

function exported(graph: Graph): GraphProto {
  const weights = new Map(graph.params.map(({ name, shape }) => [name, normal(shape)]));
  const { graph: proto } = toModelProto(graph, weights);
  if (!proto) throw new Error('expected a graph');
  return proto;
}

/** What ONNX's checker asks of a graph, other than the types of its operators. */
function structuralProblems(graph: GraphProto): string[] {
  const problems: string[] = [];
  const defined = new Set([...graph.input, ...graph.initializer].map(({ name }) => name));
  if (defined.size !== graph.input.length + graph.initializer.length) {
    problems.push('an input or initializer twice');
  }
  const nodeNames = new Set(graph.node.map(({ name }) => name));
  if (nodeNames.size !== graph.node.length) problems.push('a node name twice');
  for (const { name, opType, input, output } of graph.node) {
    if (!/^[A-Za-z]/.test(name)) problems.push(`${opType} is called ${name}`);
    if (input.at(-1) === '') problems.push(`${name} ends with an empty operand`);
    for (const used of input) {
      if (used !== '' && !defined.has(used)) problems.push(`${name} uses ${used} too early`);
    }
    for (const result of output) {
      if (defined.has(result)) problems.push(`${result} is defined twice`);
      defined.add(result);
    }
  }
  for (const { name } of graph.output) if (!defined.has(name)) problems.push(`no output ${name}`);
  return problems;
}

function network(): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', [1, 3, 8, 8]);
  const head = b.conv(x, b.param('conv_0', [4, 3, 3, 3]), null, { pads: [1, 1, 1, 1] });
  const body = b.conv(b.silu(head), b.param('body.weight', [4, 4, 1, 1]), null);
  const clipped = b.apply('clip', [body], { min: 0, max: 1 });
  return b.build({ mul_0: clipped, same: clipped, first: x });
}

describe('an exported model', () => {
  it.each(operatorCases.map(({ name, graph }) => [name, graph] as const))(
    'has the structure that ONNX asks for: %s',
    (_, graph) => expect(structuralProblems(exported(graph))).toEqual([]),
  );

  it('calls nodes and values after their operators, and steps aside for names that are taken', () => {
    const { node, output } = exported(network());
    expect(structuralProblems(exported(network()))).toEqual([]);
    expect(node.map(({ name, opType }) => `${opType} ${name}`)).toEqual([
      'Conv conv_1',
      'Sigmoid sigmoid_0',
      'Mul mul_1',
      'Conv conv_2',
      'Constant constant_0',
      'Constant constant_1',
      'Clip mul_0',
      'Identity same',
      'Identity first',
    ]);
    expect(output.map(({ name }) => name)).toEqual(['mul_0', 'same', 'first']);
  });

  it('has initializers for its params and for nothing else', () => {
    const { initializer } = exported(network());
    expect(initializer.map(({ name }) => name)).toEqual(['conv_0', 'body.weight']);
  });

  it('casts weights that are stored in another float, and refuses those that do not fit', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [2]);
    const graph = b.build({ y: b.mul(b.add(x, b.param('w', [2])), b.param('v', [2])) });
    const half = fromFloat64('float16', [2], [1, 2]);
    const weights = new Map<string, Tensor>([['w', half]]);
    weights.set('v', float32([2], [1, 2]));
    const { graph: proto } = toModelProto(graph, weights);
    expect(proto?.node.map(({ opType, input }) => `${opType} ${input.join()}`)).toEqual([
      'Cast w',
      'Add x,cast_0',
      'Mul add_0,v',
    ]);
    const misfits = new Map([['w', fromFloat64('int64', [3], [1, 2, 3])]]);
    expect(() => toModelProto(graph, misfits)).toThrow(
      'initializers do not fit the graph: w: expected float32 [2], got int64 [3]; ' +
        'v: expected float32 [2], got nothing',
    );
  });
});
