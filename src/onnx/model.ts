import { create, toBinary } from '@bufbuild/protobuf';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type ModelProto,
  type NodeProto,
  type OperatorSetIdProto,
} from 'onnx-buf';
import type { Attributes, Graph, NamedValue, Node, Op, Value } from '../graph/index.js';
import { sameShape, type DType, type Tensor } from '../tensor/index.js';
import { emitRules, type EmitRules } from './emit.js';
import type { Emitter, Operation } from './emitRule.js';
import { lowerFirst, Names } from './names.js';
import {
  attributeProto,
  onnxDataType,
  tensorProto,
  valueInfoProto,
  type Initializer,
} from './proto.js';

/** The ONNX operator set that graphs are written in. */
export const opsetVersion = 21;
const irVersion = 10;

/**
 * A graph as an ONNX model. Inputs, params and outputs keep their names; params become initializers,
 * and literals Constant nodes. An initializer may be stored in another floating-point dtype than its
 * param's: a Cast converts it when the model is loaded.
 * `rules` may replace how operators are written, for a runtime that has kernels of its own.
 * @throws Error listing every param whose initializer is missing or does not fit.
 */
export function toModelProto(
  graph: Graph,
  initializers: ReadonlyMap<string, Initializer>,
  rules: EmitRules = emitRules,
): ModelProto {
  const problems = graph.params.flatMap((param) =>
    describeMismatch(param, initializers.get(param.name)),
  );
  if (problems.length > 0) {
    throw new Error(`initializers do not fit the graph: ${problems.join('; ')}`);
  }
  const nodes = emitNodes(graph, initializers, rules);
  const graphProto = create(GraphProtoSchema, {
    name: 'nanosd',
    node: nodes,
    initializer: graph.params.flatMap(({ name }) => {
      const initializer = initializers.get(name);
      return initializer ? [tensorProto(name, initializer)] : [];
    }),
    input: graph.inputs.map(({ name, dtype, shape }) => valueInfoProto(name, dtype, shape)),
    output: Object.entries(graph.outputs).map(([name, { dtype, shape }]) =>
      valueInfoProto(name, dtype, shape),
    ),
  });
  return create(ModelProtoSchema, {
    irVersion: BigInt(irVersion),
    producerName: 'nanosd',
    opsetImport: operatorSets(nodes),
    graph: graphProto,
  });
}

/** ONNX's own set, and the first of every other domain that nodes are of. */
function operatorSets(nodes: readonly NodeProto[]): OperatorSetIdProto[] {
  const others = new Set(nodes.map(({ domain }) => domain).filter((domain) => domain !== ''));
  return [
    create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opsetVersion) }),
    ...[...others].map((domain) => create(OperatorSetIdProtoSchema, { domain, version: 1n })),
  ];
}

/** The bytes of a `.onnx` file. */
export function encodeModel(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}

const floats: ReadonlySet<DType> = new Set<DType>(['float64', 'float32', 'float16', 'bfloat16']);

function describeMismatch(param: NamedValue, initializer: Initializer | undefined): string[] {
  const { name, dtype, shape } = param;
  const wanted = `${dtype} [${shape.join(', ')}]`;
  if (!initializer) return [`${name}: expected ${wanted}, got nothing`];
  const castable = floats.has(dtype) && floats.has(initializer.dtype);
  const fits = sameShape(shape, initializer.shape) && (castable || dtype === initializer.dtype);
  const got = `${initializer.dtype} [${initializer.shape.join(', ')}]`;
  return fits ? [] : [`${name}: expected ${wanted}, got ${got}`];
}

function emitNodes(
  graph: Graph,
  initializers: ReadonlyMap<string, Initializer>,
  rules: EmitRules,
): NodeProto[] {
  const named = [...graph.inputs, ...graph.params];
  const names = new Names([...named.map(({ name }) => name), ...Object.keys(graph.outputs)]);
  const nodes: NodeProto[] = [];
  const emitter = emitInto(nodes, names);
  const nameById = new Map(named.map(({ id, name }) => [id, name]));
  for (const { id, name, dtype } of graph.params) {
    if (initializers.get(name)?.dtype === dtype) continue;
    nameById.set(id, emitter.node('Cast', [name], { to: onnxDataType[dtype] }));
  }
  const produced = new Set(graph.nodes.map((node) => node.output.id));
  for (const [name, { id }] of Object.entries(graph.outputs)) {
    if (produced.has(id) && !nameById.has(id)) nameById.set(id, name);
  }
  const nameOf = ({ id }: Value): string => {
    const name = nameById.get(id);
    if (name === undefined) throw new Error(`expected %${id} to be defined before it is used`);
    return name;
  };
  for (const node of graph.nodes) {
    if (!nameById.has(node.output.id)) nameById.set(node.output.id, names.fresh(node.op));
    emitNode(emitter, rules, node, nameOf);
  }
  for (const [name, value] of Object.entries(graph.outputs)) {
    if (nameOf(value) !== name) emitter.node('Identity', [nameOf(value)], {}, name);
  }
  return nodes;
}

/** An emitter that appends to `nodes`; a node is called after its result. */
function emitInto(nodes: NodeProto[], names: Names): Emitter {
  const literals = new Map<string, string>();
  const emitter: Emitter = {
    literal(value) {
      const key = literalKey(value);
      const existing = key === null ? undefined : literals.get(key);
      if (existing !== undefined) return existing;
      const name = emitter.node('Constant', [], { value: { tensor: value } });
      if (key !== null) literals.set(key, name);
      return name;
    },
    node(opType, inputs, attributes = {}, result = names.fresh(lowerFirst(opType)), domain = '') {
      const attribute = Object.entries(attributes).map(([name, value]) =>
        attributeProto(name, value),
      );
      const input = inputs.slice(0, inputs.findLastIndex((name) => name !== '') + 1);
      nodes.push(
        create(NodeProtoSchema, {
          name: result,
          opType,
          domain,
          input,
          output: [result],
          attribute,
        }),
      );
      return result;
    },
  };
  return emitter;
}

function emitNode(
  emitter: Emitter,
  rules: EmitRules,
  node: Node,
  nameOf: (value: Value) => string,
): void {
  const operation = {
    inputs: node.inputs.map(nameOf),
    operands: node.inputs,
    output: node.output,
    result: nameOf(node.output),
  };
  applyRule(emitter, rules, node.op, operation, node.attributes);
}

function applyRule<O extends Op>(
  emitter: Emitter,
  rules: EmitRules,
  op: O,
  operation: Omit<Operation<Attributes[O]>, 'attributes'>,
  attributes: Attributes[Op],
): void {
  const rule = rules[op];
  rule(emitter, { ...operation, attributes: attributes as Attributes[O] });
}

/** Small literals (axes, shapes, scalars) are shared; comparing large ones would cost more than it saves. */
function literalKey({ dtype, shape, data }: Tensor): string | null {
  if (data.length > 16) return null;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return `${dtype}[${shape.join()}]${bytes.join()}`;
}
