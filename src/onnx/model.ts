import { create, toBinary } from '@bufbuild/protobuf';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from 'onnx-buf';
import type { Attributes, Graph, Node, Op, Value } from '../graph/index.js';
import type { Tensor } from '../tensor/index.js';
import { emitRules, type Emitter } from './emit.js';
import { attributeProto, tensorProto, valueInfoProto, type Initializer } from './proto.js';

/** The ONNX operator set that graphs are written in. */
export const opsetVersion = 21;
const irVersion = 10;

/**
 * A graph as an ONNX model. Inputs and outputs keep their names, params become initializers.
 * @throws Error naming every param without an initializer.
 */
export function toModelProto(
  graph: Graph,
  initializers: ReadonlyMap<string, Initializer>,
): ModelProto {
  const missing = graph.params.filter((param) => !initializers.has(param.name));
  if (missing.length > 0) {
    const names = missing.map((param) => param.name).join(', ');
    throw new Error(`expected an initializer for each param, got none for ${names}`);
  }
  const emitted = emitNodes(graph);
  const weights = graph.params.flatMap((param) => {
    const initializer = initializers.get(param.name);
    return initializer ? [tensorProto(param.name, initializer)] : [];
  });
  const graphProto = create(GraphProtoSchema, {
    name: 'nanosd',
    node: emitted.nodes,
    initializer: [...weights, ...emitted.literals],
    input: graph.inputs.map(({ name, dtype, shape }) => valueInfoProto(name, dtype, shape)),
    output: Object.entries(graph.outputs).map(([name, { dtype, shape }]) =>
      valueInfoProto(name, dtype, shape),
    ),
  });
  return create(ModelProtoSchema, {
    irVersion: BigInt(irVersion),
    producerName: 'nanosd',
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opsetVersion) })],
    graph: graphProto,
  });
}

/** The bytes of a `.onnx` file. */
export function encodeModel(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}

interface Emitted {
  readonly nodes: NodeProto[];
  readonly literals: TensorProto[];
}

function emitNodes(graph: Graph): Emitted {
  const nodes: NodeProto[] = [];
  const literals: TensorProto[] = [];
  const names = new Map<number, string>();
  for (const value of [...graph.inputs, ...graph.params]) names.set(value.id, value.name);
  const produced = new Set(graph.nodes.map((node) => node.output.id));
  for (const [name, value] of Object.entries(graph.outputs)) {
    if (produced.has(value.id) && !names.has(value.id)) names.set(value.id, name);
  }
  const nameOf = (value: Value): string => names.get(value.id) ?? `%${value.id}`;
  const known = new Map<string, string>();
  const emitter: Emitter = {
    nameOf,
    literal(value) {
      const key = literalKey(value);
      const existing = key === null ? undefined : known.get(key);
      if (existing !== undefined) return existing;
      const name = `literal.${literals.length}`;
      literals.push(tensorProto(name, value));
      if (key !== null) known.set(key, name);
      return name;
    },
    node(opType, inputs, attributes = {}, output = `%%${nodes.length}`) {
      const attribute = Object.entries(attributes).map(([name, value]) =>
        attributeProto(name, value),
      );
      nodes.push(
        create(NodeProtoSchema, { opType, input: [...inputs], output: [output], attribute }),
      );
      return output;
    },
  };
  for (const node of graph.nodes) emitNode(emitter, node);
  for (const [name, value] of Object.entries(graph.outputs)) {
    if (nameOf(value) !== name) emitter.node('Identity', [nameOf(value)], {}, name);
  }
  return { nodes, literals };
}

function emitNode(emitter: Emitter, node: Node): void {
  const operation = {
    inputs: node.inputs.map((input) => emitter.nameOf(input)),
    operands: node.inputs,
    output: node.output,
    result: emitter.nameOf(node.output),
  };
  applyRule(emitter, node.op, operation, node.attributes);
}

function applyRule<O extends Op>(
  emitter: Emitter,
  op: O,
  operation: Omit<Parameters<(typeof emitRules)[O]>[1], 'attributes'>,
  attributes: Attributes[Op],
): void {
  const rule = emitRules[op];
  rule(emitter, { ...operation, attributes: attributes as Attributes[O] });
}

/** Small literals (axes, shapes, scalars) are shared; comparing large ones would cost more than it saves. */
function literalKey({ dtype, shape, data }: Tensor): string | null {
  return data.length <= 16 ? `${dtype}[${shape.join()}]${data.join()}` : null;
}
