import type { Graph, Value } from '../../src/graph/index.js';

/**
 * What a module of the network gives: its tap, or for a layer (a convolution, a linear layer, a norm), which has none,
 * what is computed from its weight or, where it has one, its bias.
 * @throws Error when the graph has no such module.
 */
export function moduleOutput(graph: Graph, name: string): Value {
  const tap = graph.taps.find((candidate) => candidate.name === name);
  if (tap) return tap.value;
  const param = ['bias', 'weight']
    .map((part) => graph.params.find((candidate) => candidate.name === `${name}.${part}`))
    .find((candidate) => candidate !== undefined);
  const reader = (value: Value): Value | undefined => {
    const node = graph.nodes.find(({ inputs }) => inputs.some(({ id }) => id === value.id));
    return node?.op === 'transpose' && node.inputs[0] === param
      ? reader(node.output)
      : node?.output;
  };
  const output = param && reader(param);
  if (!output) throw new Error(`expected a module ${name}, got no tap or layer of that name`);
  return output;
}
