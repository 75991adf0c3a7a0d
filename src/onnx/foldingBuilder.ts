import {
  evaluateGraph,
  GraphBuilder,
  type Attributes,
  type Node,
  type Op,
  type Value,
} from '../graph/index.js';
import { elementCount, fromFloat64, type Tensor } from '../tensor/index.js';

/** Results of up to this many elements are computed at once when all operands are known. */
const largestFolded = 65_536;

/**
 * A builder that computes what depends on literals alone, so that the shape arithmetic of exported
 * models ends as plain attributes. Params are not folded: they keep their names and numbers.
 */
export class FoldingBuilder extends GraphBuilder {
  private readonly elements = new Map<number, Tensor>();

  /** The elements of a value that is known beforehand. */
  elementsOf(value: Value): Tensor | undefined {
    return this.elements.get(value.id);
  }

  override constant(literal: Tensor): Value {
    const value = super.constant(literal);
    this.elements.set(value.id, literal);
    return value;
  }

  override apply<O extends Op>(
    op: O,
    operands: readonly Value[],
    attributes: Attributes[O],
  ): Value {
    const output = super.apply(op, operands, attributes);
    const known = operands.flatMap(({ id }) => this.elements.get(id) ?? []);
    const isKnown = operands.length > 0 && known.length === operands.length;
    if (!isKnown || elementCount(output.shape) > largestFolded) return output;
    return this.constant(evaluate({ op, inputs: operands, attributes, output } as Node, known));
  }
}

/** Rounded to the result's dtype, as a runtime that folds node by node does. */
function evaluate(node: Node, operands: readonly Tensor[]): Tensor {
  const { id, dtype, shape } = node.output;
  const inputs = node.inputs.map((input, i) => ({ ...input, id: id + 1 + i, name: `operand${i}` }));
  const feeds = Object.fromEntries(operands.map((operand, i) => [`operand${i}`, operand]));
  const graph = { inputs, params: [], nodes: [{ ...node, inputs }], taps: [] };
  const { result } = evaluateGraph({ ...graph, outputs: { result: node.output } }, feeds);
  return fromFloat64(dtype, shape, result);
}
