import {
  blockWeight,
  flipBlockedWeight,
  flippedPads,
  GraphBuilder,
  type Graph,
  type Node,
  type NodeOf,
  type Op,
  type Value,
} from '../graph/index.js';
import { elementCount, sameShape, zeros } from '../tensor/index.js';
import {
  blockedChannelSums,
  blockedWeightGradient,
  hasBlockedWeightGradient,
} from './blockedGradients.js';
import { TwoOrders } from './twoOrders.js';

/** Whether a graph has convolutions that `blockedGraph` would change, or is in blocks already. */
export function wantsBlocks(graph: Graph, blockSize: number): boolean {
  const held = heldValues(graph);
  return graph.nodes.some(
    (node) => node.op === 'blockedConv' || isBlockable(node, held, blockSize),
  );
}

/**
 * The graph with its convolutions in blocks of channels, and what stands between them too, as far as it works
 * element by element. ONNX Runtime lays convolutions out like that itself, and makes them nearly twice as fast, but
 * only those whose weights are constants; this is for those of a training step, whose weights are inputs.
 */
export function blockedGraph(graph: Graph, blockSize: number): Graph {
  return new BlockedGraph(graph, blockSize).build();
}

type BlockedConv = Pick<NodeOf<'blockedConv'>, 'inputs' | 'attributes'>;

class BlockedGraph {
  private readonly b = new GraphBuilder();
  private readonly values: TwoOrders;
  /** By the id of the old value that is a convolution's result so far. */
  private readonly convs = new Map<number, BlockedConv>();
  private readonly uses: ReadonlyMap<number, number>;
  private readonly held: ReadonlySet<number>;

  constructor(
    private readonly graph: Graph,
    private readonly blockSize: number,
  ) {
    this.values = new TwoOrders(this.b, blockSize);
    this.held = heldValues(graph);
    this.uses = countUses(graph);
  }

  build(): Graph {
    const { b, values } = this;
    const { inputs, params, nodes, taps, outputs } = this.graph;
    for (const input of inputs)
      values.setPlain(input, b.input(input.name, input.shape, input.dtype));
    for (const param of params)
      values.setPlain(param, b.param(param.name, param.shape, param.dtype));
    for (const node of nodes) this.add(node);
    for (const { name, value, reduction } of taps) b.tap(name, values.plainOf(value), reduction);
    const named = Object.entries(outputs).map(([name, value]) => [name, values.plainOf(value)]);
    return b.build(Object.fromEntries(named) as Record<string, Value>);
  }

  private add(node: Node): void {
    const done =
      this.addConv(node) ||
      this.addFlippedConv(node) ||
      this.addWeightGradient(node) ||
      this.addChannelSums(node) ||
      this.addElementwise(node);
    if (done) return;
    const operands = node.inputs.map((x) => this.values.plainOf(x));
    this.values.setPlain(node.output, this.b.apply(node.op, operands, node.attributes));
  }

  private addConv(node: Node): boolean {
    if (!isBlockable(node, this.held, this.blockSize)) return false;
    const [x, weight, bias] = node.inputs;
    const { strides, pads, dilations } = node.attributes;
    this.setConv(node.output, {
      inputs: [
        this.values.blockedOf(x),
        this.blockedWeight(weight),
        this.biasOf(bias, node.output),
      ],
      attributes: { strides, pads, dilations, blockSize: this.blockSize, activation: 'none' },
    });
    return true;
  }

  /** A transposed convolution that is a plain one with the flipped weight. */
  private addFlippedConv(node: Node): boolean {
    if (node.op !== 'convTranspose') return false;
    const { inputs, attributes, output } = node;
    const [x, weight, bias] = inputs;
    const pads = flippedPads(weight.shape, attributes);
    if (!pads || this.held.has(weight.id) || x.dtype !== 'float32') return false;
    if (!this.values.fits(x) || !this.values.fits(output)) return false;
    const { strides, dilations } = attributes;
    const flipped = flipBlockedWeight(this.b, this.blockedWeight(weight), this.blockSize);
    this.setConv(output, {
      inputs: [this.values.blockedOf(x), flipped, this.biasOf(bias, output)],
      attributes: { strides, dilations, pads, blockSize: this.blockSize, activation: 'none' },
    });
    return true;
  }

  private addWeightGradient(node: Node): boolean {
    if (node.op !== 'convWeightGradient') return false;
    const { b, blockSize, values } = this;
    const { inputs, attributes, output } = node;
    const [x, dy] = inputs;
    if (!values.hasBlocked(dy)) return false;
    if (!hasBlockedWeightGradient(x.shape, dy.shape, attributes, blockSize)) return false;
    const operands = { x: values.channelsLastOf(x), dy: values.blockedOf(dy) };
    values.setPlain(output, blockedWeightGradient(b, operands, attributes, blockSize));
    return true;
  }

  /** The gradient of a convolution's bias. */
  private addChannelSums({ op, inputs: [x], attributes, output }: Node): boolean {
    if (op !== 'reduceSum' || !this.values.hasBlocked(x)) return false;
    if (!sameShape(attributes.axes, [0, 2, 3])) return false;
    const blocked = this.values.blockedOf(x);
    this.values.setPlain(output, blockedChannelSums(this.b, blocked, this.blockSize));
    return true;
  }

  private addElementwise(node: Node): boolean {
    if (!this.staysBlocked(node)) return false;
    if (this.joinConv(node)) return true;
    const { op, inputs, attributes, output } = node;
    const operands = inputs.map((x) =>
      elementCount(x.shape) === 1 ? this.values.plainOf(x) : this.values.blockedOf(x),
    );
    this.values.setBlocked(output, this.b.apply(op, operands, attributes));
    return true;
  }

  /** Whether all operands of an elementwise operation fit the order of blocks, and one has it already. */
  private staysBlocked({ op, inputs, output }: Node): boolean {
    const keeps = output.dtype === 'float32' || output.dtype === 'bool';
    if (!elementwise.has(op) || !keeps || !this.values.fits(output)) return false;
    const maps = inputs.filter(({ shape }) => elementCount(shape) > 1);
    return (
      maps.some((x) => this.values.hasBlocked(x)) &&
      // In this order a smaller operand would meet other elements than its shape says.
      maps.every((x) => sameShape(x.shape, output.shape)) &&
      maps.every((x) => this.values.hasBlocked(x) || x.dtype === 'float32')
    );
  }

  /** Lets a convolution whose result nothing else reads do the addition or the activation after it. */
  private joinConv({ op, inputs, output }: Node): boolean {
    for (const [i, input] of inputs.entries()) {
      const conv = this.convs.get(input.id);
      if (!conv || this.uses.get(input.id) !== 1 || conv.attributes.activation !== 'none') continue;
      if (op === 'relu') {
        this.setConv(output, { ...conv, attributes: { ...conv.attributes, activation: 'relu' } });
        return true;
      }
      const other = inputs[1 - i];
      if (op !== 'add' || conv.inputs.length > 3 || !sameShape(other.shape, output.shape)) continue;
      this.setConv(output, { ...conv, inputs: [...conv.inputs, this.values.blockedOf(other)] });
      return true;
    }
    return false;
  }

  private setConv(output: Value, conv: BlockedConv): void {
    this.convs.set(output.id, conv);
    this.values.setBlocked(output, this.b.apply('blockedConv', conv.inputs, conv.attributes));
  }

  private blockedWeight(weight: Value): Value {
    return blockWeight(this.b, this.values.plainOf(weight), this.blockSize);
  }

  private biasOf(bias: Value | undefined, { shape }: Value): Value {
    return bias ? this.values.plainOf(bias) : this.b.constant(zeros('float32', [shape[1]]));
  }
}

const elementwise: ReadonlySet<Op> = new Set<Op>([
  'neg', 'abs', 'exp', 'sqrt', 'tanh', 'sigmoid', 'relu', 'leakyRelu', 'gelu', 'clip', 'cast', 'add', 'sub', 'mul',
  'div', 'max', 'min', 'greater', 'less', 'equal', 'where',
]); // prettier-ignore

function isBlockable(
  node: Node,
  held: ReadonlySet<number>,
  blockSize: number,
): node is NodeOf<'conv'> {
  if (node.op !== 'conv' || node.attributes.groups !== 1) return false;
  const [x, weight] = node.inputs;
  const [out, channels] = weight.shape;
  const whole = out % blockSize === 0 && channels % blockSize === 0;
  return x.dtype === 'float32' && whole && !held.has(weight.id);
}

/** Params and literals, and what is made of nothing else: a runtime knows it when it loads the graph. */
function heldValues({ params, nodes }: Graph): Set<number> {
  const held = new Set(params.map(({ id }) => id));
  for (const { inputs, output } of nodes) {
    if (inputs.every(({ id }) => held.has(id))) held.add(output.id);
  }
  return held;
}

function countUses({ nodes, outputs, taps }: Graph): Map<number, number> {
  const read = [
    ...nodes.flatMap(({ inputs }) => inputs),
    ...Object.values(outputs),
    ...taps.map(({ value }) => value),
  ];
  const uses = new Map<number, number>();
  for (const { id } of read) uses.set(id, (uses.get(id) ?? 0) + 1);
  return uses;
}
