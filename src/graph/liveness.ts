import type { Graph, Value } from './ir.js';

/**
 * For each node, in order, the values that nothing after it reads (its own result among them, if
 * nothing reads that at all). The graph's outputs are never among them.
 */
export function lastReads(graph: Graph): Value[][] {
  const seen = new Set(Object.values(graph.outputs).map((value) => value.id));
  return graph.nodes
    .map(({ inputs, output }) => [...inputs, output])
    .reverse()
    .map((values) =>
      values.filter(({ id }) => {
        const last = !seen.has(id);
        seen.add(id);
        return last;
      }),
    )
    .reverse();
}
