import {
  GraphBuilder,
  type Attributes,
  type Graph,
  type Node,
  type Op,
  type Value,
} from '../graph/index.js';
import { fromFloat64, toFloat64, type Tensor, type Weights } from '../tensor/index.js';
import { castWeights } from '../weights/index.js';

/**
 * Operators whose float16 result would be wrong, not only rounded: sums and statistics of many numbers,
 * functions that magnify an error of their operand, and quotients by what may be tiny.
 */
const delicate: ReadonlySet<Op> = new Set<Op>([
  'groupNorm', 'layerNorm', 'softmax', 'reduceSum', 'reduceMean', 'scatterAdd', 'convWeightGradient', 'exp', 'log', 'pow', 'sqrt',
  'erf', 'sin', 'cos', 'div', 'floor', 'round', 'less', 'greater', 'equal',
]); // prettier-ignore

/** Operators that do the same work in either dtype, and go with what uses their result. */
const adaptable: ReadonlySet<Op> = new Set<Op>([
  'neg', 'abs', 'sign', 'tanh', 'sigmoid', 'relu', 'leakyRelu', 'gelu', 'clip', 'cast', 'add', 'sub', 'mul',
  'max', 'min', 'where', 'reduceMax', 'reshape', 'expand', 'transpose', 'slice', 'concat', 'pad',
  'resize', 'depthToSpace', 'spaceToDepth', 'blockChannels', 'unblockChannels',
]); // prettier-ignore

/** The largest finite float16. Attention masks hold larger numbers, which must not become infinite. */
const largestHalf = 65504;

/** Whether `toFloat16` leaves a node in float32 by default. */
export function isDelicate(node: Node): boolean {
  const makesIntegers = node.op === 'cast' && !node.attributes.to.includes('float');
  return delicate.has(node.op) || makesIntegers;
}

/**
 * The graph with float16 in place of float32 inside; inputs and outputs keep their dtype. Nodes that
 * `staysFloat32` accepts stay in float32, and so does cheap arithmetic that only they use (a timestep's
 * embedding, say), with their params. Literals beyond 65,504 end there.
 */
export function toFloat16(graph: Graph, staysFloat32: (node: Node) => boolean = isDelicate): Graph {
  const full = float32Nodes(graph, staysFloat32);
  const halves = usedInFloat16(graph, full);
  const builder = new GraphBuilder();
  const moved = new Map<number, Value>();
  const literals = new Map<number, Tensor>();
  for (const { id, name, shape, dtype } of graph.inputs) {
    moved.set(id, builder.input(name, shape, dtype));
  }
  for (const { id, name, shape, dtype } of graph.params) {
    const isHalf = dtype === 'float32' && halves.has(id);
    moved.set(id, builder.param(name, shape, isHalf ? 'float16' : dtype));
  }
  const valueIn = (value: Value, float: Float): Value => {
    const literal = literals.get(value.id);
    if (literal) return builder.constant(float === 'float16' ? halfOf(literal) : literal);
    const found = moved.get(value.id);
    if (!found) throw new Error(`expected %${value.id} to be defined before it is used`);
    if (value.dtype !== 'float32' || found.dtype === float) return found;
    return builder.apply('cast', [found], { to: float });
  };
  for (const node of graph.nodes) {
    const { id } = node.output;
    const float = full.has(id) ? 'float32' : 'float16';
    if (node.op === 'constant') literals.set(id, node.attributes.tensor);
    else
      moved.set(
        id,
        rebuild(builder, node, (operand) => valueIn(operand, float), float),
      );
  }
  for (const { name, value, reduction } of graph.taps) {
    builder.tap(name, valueIn(value, 'float32'), reduction);
  }
  const outputs = Object.entries(graph.outputs);
  return builder.build(
    Object.fromEntries(outputs.map(([name, value]) => [name, valueIn(value, 'float32')])),
  );
}

type Float = 'float32' | 'float16';

function rebuild(
  b: GraphBuilder,
  node: Node,
  valueOf: (operand: Value) => Value,
  float: Float,
): Value {
  const operands = node.inputs.map(valueOf);
  if (node.op === 'cast' && node.attributes.to === 'float32') {
    return operands[0].dtype === float ? operands[0] : b.apply('cast', operands, { to: float });
  }
  return applyNode(b, node.op, operands, node.attributes);
}

function applyNode<O extends Op>(
  b: GraphBuilder,
  op: O,
  operands: readonly Value[],
  attributes: Attributes[Op],
): Value {
  return b.apply(op, operands, attributes as Attributes[O]);
}

function halfOf(literal: Tensor): Tensor {
  if (literal.dtype !== 'float32') return literal;
  const clamped = toFloat64(literal).map((x) =>
    Number.isFinite(x) ? Math.min(Math.max(x, -largestHalf), largestHalf) : x,
  );
  return fromFloat64('float16', literal.shape, clamped);
}

/** Results of nodes that compute in float32: the delicate, and the adaptable that feed nothing else. */
function float32Nodes(graph: Graph, staysFloat32: (node: Node) => boolean): Set<number> {
  const wantsHalf = new Set<number>();
  const wantsFull = new Set(Object.values(graph.outputs).map(({ id }) => id));
  const full = new Set<number>();
  for (const node of [...graph.nodes].reverse()) {
    const { id } = node.output;
    const follows = adaptable.has(node.op) && wantsFull.has(id) && !wantsHalf.has(id);
    const isFull = staysFloat32(node) || follows;
    if (isFull) full.add(id);
    for (const input of node.inputs) (isFull ? wantsFull : wantsHalf).add(input.id);
  }
  return full;
}

function usedInFloat16(graph: Graph, full: ReadonlySet<number>): Set<number> {
  const users = graph.nodes.filter(({ output }) => !full.has(output.id));
  return new Set(users.flatMap(({ inputs }) => inputs.map(({ id }) => id)));
}

/**
 * The weights of a graph in the dtypes that it asks for, such as those of `toFloat16(graph)`.
 * @throws WeightsError naming the tensors with finite values beyond the range of their dtype.
 */
export function castToParams(graph: Graph, weights: Weights): Map<string, Tensor> {
  const cast = new Map<string, Tensor>();
  for (const dtype of ['float32', 'float16', 'bfloat16'] as const) {
    const names = graph.params.filter((param) => param.dtype === dtype).map(({ name }) => name);
    const held = names.flatMap((name) => {
      const weight = weights.get(name);
      return weight ? [[name, weight] as const] : [];
    });
    for (const [name, weight] of castWeights(new Map(held), dtype)) cast.set(name, weight);
  }
  return cast;
}
