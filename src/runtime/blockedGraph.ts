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

/** Whether a graph has convolutions that `blockedGraph` would change. */
export function hasBlockableConvs(graph: Graph, blockSize: number): boolean {
  const params = new Set(graph.params.map(({ id }) => id));
  return graph.nodes.some((node) => isBlockable(node, params, blockSize));
}

/**
 * The graph with its convolutions in blocks of channels, and what stands between them too, as far as it works
 * element by element. ONNX Runtime lays convolutions out like that itself, and makes them nearly twice as fast, but
 * only those whose weights are constants; this is for those of a training step, whose weights are inputs.
 */
export function blockedGraph(graph: Graph, blockSize: number): Graph {
  return new BlockedGraph(graph, blockSize).build();
}

type BlockedConv = NodeOf<'blockedConv'>;

class BlockedGraph {
  private readonly b = new GraphBuilder();
  /** Values of the new graph by the ids of the old one's, in one order or the other, or both. */
  private readonly plain = new Map<number, Value>();
  private readonly blocked = new Map<number, Value>();
  /** By the id of the old value that is its result so far. */
  private readonly convs = new Map<number, Pick<BlockedConv, 'inputs' | 'attributes'>>();
  private readonly uses = new Map<number, number>();
  private readonly params: ReadonlySet<number>;

  constructor(
    private readonly graph: Graph,
    private readonly blockSize: number,
  ) {
    this.params = new Set(graph.params.map(({ id }) => id));
    const read = [
      ...graph.nodes.flatMap(({ inputs }) => inputs),
      ...Object.values(graph.outputs),
      ...graph.taps.map(({ value }) => value),
    ];
    for (const { id } of read) this.uses.set(id, (this.uses.get(id) ?? 0) + 1);
  }

  build(): Graph {
    const { graph, b, plain } = this;
    for (const { id, name, shape, dtype } of graph.inputs)
      plain.set(id, b.input(name, shape, dtype));
    for (const { id, name, shape, dtype } of graph.params)
      plain.set(id, b.param(name, shape, dtype));
    for (const node of graph.nodes) this.add(node);
    for (const { name, value, reduction } of graph.taps)
      b.tap(name, this.plainOf(value), reduction);
    const outputs = Object.entries(graph.outputs);
    return b.build(Object.fromEntries(outputs.map(([name, value]) => [name, this.plainOf(value)])));
  }

  private add(node: Node): void {
    if (isBlockable(node, this.params, this.blockSize)) this.addConv(node);
    else if (node.op === 'convTranspose' && this.isFlippedConv(node)) this.addFlippedConv(node);
    else if (node.op === 'convWeightGradient' && this.isBlockedGradient(node))
      this.addGradient(node);
    else if (node.op === 'reduceSum' && this.sumsChannels(node)) this.addChannelSums(node);
    else if (this.staysBlocked(node)) this.addBlocked(node);
    else this.addPlain(node);
  }

  private addPlain({ op, inputs, attributes, output }: Node): void {
    const operands = inputs.map((x) => this.plainOf(x));
    this.plain.set(output.id, this.b.apply(op, operands, attributes));
  }

  private addConv({ inputs: [x, weight, bias], attributes, output }: NodeOf<'conv'>): void {
    const { strides, pads, dilations } = attributes;
    this.setConv(output, {
      inputs: [this.blockedOf(x), this.blockedWeight(weight), this.biasOf(bias, output)],
      attributes: { strides, pads, dilations, blockSize: this.blockSize, activation: 'none' },
    });
  }

  /** Whether a transposed convolution is a plain one with the flipped weight, on maps that fit. */
  private isFlippedConv({
    inputs: [x, weight],
    attributes,
    output,
  }: NodeOf<'convTranspose'>): boolean {
    const pads = flippedPads(weight.shape, attributes);
    return pads !== null && !this.params.has(weight.id) && this.fits(x) && this.fits(output);
  }

  private addFlippedConv({
    inputs: [x, weight, bias],
    attributes,
    output,
  }: NodeOf<'convTranspose'>): void {
    const { b, blockSize } = this;
    const { strides, dilations } = attributes;
    const pads = flippedPads(weight.shape, attributes);
    if (!pads) throw new Error('expected a convolution of stride 1 and one group');
    this.setConv(output, {
      inputs: [
        this.blockedOf(x),
        flipBlockedWeight(b, this.blockedWeight(weight), blockSize),
        this.biasOf(bias, output),
      ],
      attributes: { strides, dilations, pads, blockSize, activation: 'none' },
    });
  }

  private isBlockedGradient({
    inputs: [x, dy],
    attributes,
  }: NodeOf<'convWeightGradient'>): boolean {
    return (
      this.blocked.has(dy.id) &&
      hasBlockedWeightGradient(x.shape, dy.shape, attributes, this.blockSize)
    );
  }

  private addGradient({ inputs: [x, dy], attributes, output }: NodeOf<'convWeightGradient'>): void {
    const operands = { x: this.channelsLast(x), dy: this.blockedOf(dy) };
    const gradient = blockedWeightGradient(this.b, operands, attributes, this.blockSize);
    this.plain.set(output.id, gradient);
  }

  private sumsChannels({ inputs: [x], attributes: { axes } }: NodeOf<'reduceSum'>): boolean {
    return this.blocked.has(x.id) && axes.join() === '0,2,3';
  }

  private addChannelSums({ inputs: [x], output }: NodeOf<'reduceSum'>): void {
    this.plain.set(output.id, blockedChannelSums(this.b, this.blockedOf(x), this.blockSize));
  }

  private blockedWeight(weight: Value): Value {
    return blockWeight(this.b, this.plainOf(weight), this.blockSize);
  }

  private biasOf(bias: Value | undefined, { shape }: Value): Value {
    return bias ? this.plainOf(bias) : this.b.constant(zeros('float32', [shape[1]]));
  }

  private setConv({ id }: Value, conv: Pick<BlockedConv, 'inputs' | 'attributes'>): void {
    this.convs.set(id, conv);
    this.blocked.set(id, this.b.apply('blockedConv', conv.inputs, conv.attributes));
  }

  private addBlocked(node: Node): void {
    if (this.joinConv(node)) return;
    const { op, inputs, attributes, output } = node;
    const operands = inputs.map((x) =>
      elementCount(x.shape) === 1 ? this.plainOf(x) : this.blockedOf(x),
    );
    this.blocked.set(output.id, this.b.apply(op, operands, attributes));
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
      if (op !== 'add' || conv.inputs.length > 3) continue;
      this.setConv(output, { ...conv, inputs: [...conv.inputs, this.blockedOf(other)] });
      return true;
    }
    return false;
  }

  /** Whether all operands of an elementwise operation fit the order of blocks, and one has it already. */
  private staysBlocked({ op, inputs, output }: Node): boolean {
    if (!elementwise.has(op) || !this.fits(output)) return false;
    const maps = inputs.filter(({ shape }) => elementCount(shape) > 1);
    return (
      maps.some(({ id }) => this.blocked.has(id)) &&
      // In this order a smaller operand would meet other elements than its shape says.
      maps.every((x) => sameShape(x.shape, output.shape)) &&
      maps.every(({ id, dtype }) => this.blocked.has(id) || dtype === 'float32')
    );
  }

  private fits({ shape }: Value): boolean {
    return shape.length === 4 && shape[1] % this.blockSize === 0;
  }

  private plainOf(value: Value): Value {
    return this.inOrder(value, this.plain, this.blocked, (blocked) =>
      this.b.apply('unblockChannels', [blocked], {
        blockSize: this.blockSize,
        to: 'channelsFirst',
      }),
    );
  }

  /** `[N, H, W, C]`. */
  private channelsLast(value: Value): Value {
    const blocked = this.blocked.get(value.id);
    if (!blocked) return this.b.transpose(this.plainOf(value), [0, 2, 3, 1]);
    const { b, blockSize } = this;
    return b.apply('unblockChannels', [blocked], { blockSize, to: 'channelsLast' });
  }

  private blockedOf(value: Value): Value {
    return this.inOrder(value, this.blocked, this.plain, (plain) =>
      this.b.apply('blockChannels', [plain], { blockSize: this.blockSize }),
    );
  }

  private inOrder(
    { id }: Value,
    wanted: Map<number, Value>,
    other: ReadonlyMap<number, Value>,
    reorder: (value: Value) => Value,
  ): Value {
    const found = wanted.get(id);
    if (found) return found;
    const there = other.get(id);
    if (!there) throw new Error(`expected %${id} to be defined before it is used`);
    const reordered = reorder(there);
    wanted.set(id, reordered);
    return reordered;
  }
}

const elementwise: ReadonlySet<Op> = new Set<Op>([
  'neg', 'abs', 'exp', 'sqrt', 'tanh', 'sigmoid', 'relu', 'leakyRelu', 'gelu', 'clip', 'cast', 'add', 'sub', 'mul',
  'div', 'max', 'min', 'greater', 'less', 'equal', 'where',
]); // prettier-ignore

function isBlockable(
  node: Node,
  params: ReadonlySet<number>,
  blockSize: number,
): node is NodeOf<'conv'> {
  if (node.op !== 'conv' || node.attributes.groups !== 1) return false;
  const [x, weight] = node.inputs;
  const [out, channels] = weight.shape;
  return (
    x.dtype === 'float32' &&
    !params.has(weight.id) &&
    out % blockSize === 0 &&
    channels % blockSize === 0
  );
}
