import type { Graph, Node } from '../graph/index.js';

/**
 * The operators of a graph that a device has no kernel for, as `cast float32 -> bool`; found by
 * offering it each alone, as ONNX Runtime does not say.
 */
export async function missingKernels(
  graph: Graph,
  accepts: (alone: Graph) => Promise<boolean>,
): Promise<string[]> {
  const missing: string[] = [];
  for (const [signature, node] of signatures(graph)) {
    if (!(await accepts(nodeAlone(node)))) missing.push(signature);
  }
  return missing.sort();
}

/** One node for each operator and operand types, which is what kernels are registered for. */
function signatures(graph: Graph): Map<string, Node> {
  return new Map(
    graph.nodes.map((node) => {
      const dtypes = node.inputs.map(({ dtype }) => dtype).join(', ');
      return [`${node.op} ${dtypes} -> ${node.output.dtype}`, node];
    }),
  );
}

function nodeAlone(node: Node): Graph {
  const operands = new Map(node.inputs.map((input) => [input.id, input]));
  const inputs = [...operands.values()].map((input) => ({ ...input, name: `x${input.id}` }));
  return { inputs, params: [], nodes: [node], outputs: { y: node.output }, taps: [] };
}
