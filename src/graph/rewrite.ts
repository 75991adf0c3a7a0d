import { GraphBuilder } from './builder.js';
import type { Graph, Node, Value } from './ir.js';

/** What a node becomes: a value that takes its place, or null to leave it as it is. */
export type RewriteRule = (
  b: GraphBuilder,
  node: Node,
  /** Where a value of the old graph is now; it must stand before the node. */
  valueOf: (value: Value) => Value,
) => Value | null;

/** Builds a graph anew, node by node, with a rule; inputs, params, outputs and taps stay. What nothing uses any more is left out. */
export function rewriteGraph(graph: Graph, rule: RewriteRule): Graph {
  const b = new GraphBuilder();
  const moved = new Map<number, Value>();
  const valueOf = (value: Value): Value => {
    const found = moved.get(value.id);
    if (!found) throw new Error(`expected a value of the graph, got %${value.id}`);
    return found;
  };
  for (const { id, name, shape, dtype } of graph.inputs) moved.set(id, b.input(name, shape, dtype));
  for (const { id, name, shape, dtype } of graph.params) moved.set(id, b.param(name, shape, dtype));
  for (const node of graph.nodes) {
    const replaced = rule(b, node, valueOf);
    const value = replaced ?? b.apply(node.op, node.inputs.map(valueOf), node.attributes);
    moved.set(node.output.id, value);
  }
  for (const { name, value, reduction } of graph.taps) b.tap(name, valueOf(value), reduction);
  const outputs = Object.entries(graph.outputs);
  return b.build(Object.fromEntries(outputs.map(([name, value]) => [name, valueOf(value)])));
}
