import type { GraphBuilder } from './builder.js';
import type { Graph, Tap, Value } from './ir.js';

/** Where the parts of an appended graph are now. */
export interface AppendedGraph {
  readonly outputs: Readonly<Record<string, Value>>;
  readonly taps: readonly Tap[];
}

/**
 * Adds all nodes of a graph to a builder, on values of the builder in place of its inputs, by their names. Its params
 * keep their names; its taps are given back, not recorded.
 * @throws Error for an input without a value, or a param that the builder has already.
 */
export function appendGraph(
  b: GraphBuilder,
  graph: Graph,
  inputs: Readonly<Record<string, Value>>,
): AppendedGraph {
  const moved = new Map<number, Value>();
  const valueOf = ({ id }: Value): Value => {
    const found = moved.get(id);
    if (!found) throw new Error(`expected a value of the graph, got %${id}`);
    return found;
  };
  for (const { id, name } of graph.inputs) {
    if (!Object.hasOwn(inputs, name)) throw new Error(`expected a value for ${name}, got none`);
    moved.set(id, inputs[name]);
  }
  for (const { id, name, shape, dtype } of graph.params) moved.set(id, b.param(name, shape, dtype));
  for (const { op, inputs: operands, attributes, output } of graph.nodes) {
    moved.set(output.id, b.apply(op, operands.map(valueOf), attributes));
  }
  const outputs = Object.entries(graph.outputs).map(([name, value]) => [name, valueOf(value)]);
  return {
    outputs: Object.fromEntries(outputs) as Record<string, Value>,
    taps: graph.taps.map((tap) => ({ ...tap, value: valueOf(tap.value) })),
  };
}
