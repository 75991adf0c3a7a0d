import { formatShape, toFloat64, type Tensor } from '../tensor/index.js';
import type { ValueType } from './infer.js';
import type { Graph, Node, Value } from './ir.js';

/** Literals of up to this many numbers are printed in full. */
const longestLiteral = 8;

/**
 * A graph as text, one line per input, param, node, output and tap, such as
 * `%12 = conv(%3, conv_in.weight) {strides: [1, 1], ...} : float32[1, 48, 64, 64]`.
 */
export function printGraph(graph: Graph): string {
  const named = [...graph.inputs, ...graph.params];
  const names = new Map(named.map(({ id, name }) => [id, name]));
  const nameOf = (value: Value): string => names.get(value.id) ?? `%${value.id}`;
  const lines = [
    ...graph.inputs.map((input) => `input ${input.name} : ${formatType(input)}`),
    ...graph.params.map((param) => `param ${param.name} : ${formatType(param)}`),
    ...graph.nodes.map((node) => printNode(node, nameOf)),
    ...Object.entries(graph.outputs).map(([name, value]) => `output ${name} = ${nameOf(value)}`),
    ...graph.taps.map((tap) => `tap ${tap.name} = ${nameOf(tap.value)}, 1/${tap.reduction}`),
  ];
  return `${lines.join('\n')}\n`;
}

function printNode(node: Node, nameOf: (value: Value) => string): string {
  const attributes = Object.entries(node.attributes).map(
    ([name, value]) => `${name}: ${printAttribute(value as AttributeValue)}`,
  );
  const suffix = attributes.length > 0 ? ` {${attributes.join(', ')}}` : '';
  const call = `${node.op}(${node.inputs.map(nameOf).join(', ')})`;
  return `${nameOf(node.output)} = ${call}${suffix} : ${formatType(node.output)}`;
}

type AttributeValue = string | number | readonly number[] | Tensor;

function printAttribute(value: AttributeValue): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (!('dtype' in value)) return `[${value.join(', ')}]`;
  if (value.data.length > longestLiteral) return formatType(value);
  return `${formatType(value)}(${toFloat64(value).join(', ')})`;
}

/** `float32[1, 3, 8, 8]`. */
export function formatType({ dtype, shape }: ValueType): string {
  return `${dtype}${formatShape(shape)}`;
}
