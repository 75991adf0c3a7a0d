import {
  rewriteGraph,
  type Graph,
  type GraphBuilder,
  type Node,
  type NodeOf,
  type Value,
} from '../graph/index.js';
import { elementCount, sameShape } from '../tensor/index.js';

/**
 * The products of a training step as ONNX Runtime computes them fastest on a CPU. There the weights are inputs, so
 * nothing can be prepared when the graph is loaded:
 * - A weight under a batch of rows is one tall product; a batch of small ones takes longer.
 * - A transposed weight is transposed for itself. ONNX Runtime would join it with the product, whose kernel then
 *   walks the weight across its rows for every few of them.
 * - The sum of a softmax's gradient, over all keys of `dP * P`, is that over the few values of a head of `dO * O`
 *   (Dao et al. 2022, appendix B.2), which passes the scores once less.
 */
export function stepProducts(graph: Graph): Graph {
  const producers = new Map(graph.nodes.map((node) => [node.output.id, node]));
  const products = productsByOperand(graph);
  return rewriteGraph(graph, (b, node, valueOf) => {
    if (node.op === 'matmul') return tallProduct(b, node, producers, valueOf);
    if (node.op === 'reduceSum') return softmaxTotal(b, node, { producers, products }, valueOf);
    return null;
  });
}

type ValueOf = (value: Value) => Value;
type Producers = ReadonlyMap<number, Node>;

function tallProduct(
  b: GraphBuilder,
  { inputs: [x, y], output }: NodeOf<'matmul'>,
  producers: Producers,
  valueOf: ValueOf,
): Value | null {
  if (y.shape.length !== 2) return null;
  const turned = transposedMatrix(producers.get(y.id));
  if (x.shape.length === 2 && !turned) return null;
  const [k] = y.shape;
  const weight = turned ? transposeAlone(b, valueOf(turned)) : valueOf(y);
  const rows = b.reshape(valueOf(x), [elementCount(x.shape) / k, k]);
  return b.reshape(b.matmul(rows, weight), output.shape);
}

/** The matrix that a node transposes. */
function transposedMatrix(node: Node | undefined): Value | null {
  if (node?.op !== 'transpose' || node.inputs[0].shape.length !== 2) return null;
  return node.attributes.perm[0] === 1 ? node.inputs[0] : null;
}

/** An axis of one between the two keeps ONNX Runtime from joining it with the product. */
function transposeAlone(b: GraphBuilder, x: Value): Value {
  const [rows, columns] = x.shape;
  return b.reshape(b.transpose(b.reshape(x, [rows, 1, columns]), [2, 1, 0]), [columns, rows]);
}

interface Found {
  readonly producers: Producers;
  readonly products: ReadonlyMap<number, readonly NodeOf<'matmul'>[]>;
}

/** Products by the id of their first operand. */
function productsByOperand({ nodes }: Graph): Found['products'] {
  const found = new Map<number, NodeOf<'matmul'>[]>();
  for (const node of nodes) {
    if (node.op !== 'matmul') continue;
    const [{ id }] = node.inputs;
    found.set(id, [...(found.get(id) ?? []), node]);
  }
  return found;
}

/** `sum(dP * P)` of a softmax P, where dP = dO Vᵀ and O = P V. */
function softmaxTotal(
  b: GraphBuilder,
  { inputs: [weighted], attributes: { axes } }: NodeOf<'reduceSum'>,
  { producers, products }: Found,
  valueOf: ValueOf,
): Value | null {
  const last = weighted.shape.length - 1;
  const product = producers.get(weighted.id);
  if (product?.op !== 'mul' || !sameShape(axes, [last])) return null;
  const [scoreGradient, probabilities] = product.inputs;
  if (producers.get(probabilities.id)?.op !== 'softmax') return null;
  const back = producers.get(scoreGradient.id);
  if (back?.op !== 'matmul') return null;
  const [outputGradient, turnedValues] = back.inputs;
  const turning = producers.get(turnedValues.id);
  if (turning?.op !== 'transpose') return null;
  const forward = products.get(probabilities.id)?.find(({ inputs, output }) => {
    return inputs[1].id === turning.inputs[0].id && sameShape(output.shape, outputGradient.shape);
  });
  if (!forward) return null;
  const small = b.mul(valueOf(outputGradient), valueOf(forward.output));
  return b.reduceSum(small, [last]);
}
