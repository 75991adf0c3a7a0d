import {
  blockWeight,
  GraphBuilder,
  type Graph,
  type Node,
  type NodeOf,
  type Op,
  type Value,
} from '../graph/index.js';
import { elementCount, zeros } from '../tensor/index.js';

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
    else if (this.staysBlocked(node)) this.addBlocked(node);
    else
      this.plain.set(
        node.output.id,
        this.b.apply(node.op, this.plainInputs(node), node.attributes),
      );
  }

  private addConv({ inputs: [x, weight, bias], attributes, output }: NodeOf<'conv'>): void {
    const { b, blockSize } = this;
    const { groups: _, ...window } = attributes;
    this.setConv(output, {
      inputs: [
        this.blockedOf(x),
        blockWeight(b, this.plainOf(weight), blockSize),
        bias ? this.plainOf(bias) : b.constant(zeros('float32', [output.shape[1]])),
      ],
      attributes: { ...window, blockSize, activation: 'none' },
    });
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
      if (op !== 'add' || conv.inputs.length > 3 || !hasShapeOf(other, output)) continue;
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
      maps.every((x) => this.blocked.has(x.id) || (x.dtype === 'float32' && this.fits(x)))
    );
  }

  private fits({ shape }: Value): boolean {
    return shape.length === 4 && shape[1] % this.blockSize === 0;
  }

  private plainInputs({ inputs }: Node): Value[] {
    return inputs.map((x) => this.plainOf(x));
  }

  private plainOf(value: Value): Value {
    return this.inOrder(value, this.plain, this.blocked, 'unblockChannels');
  }

  private blockedOf(value: Value): Value {
    return this.inOrder(value, this.blocked, this.plain, 'blockChannels');
  }

  private inOrder(
    { id }: Value,
    wanted: Map<number, Value>,
    other: ReadonlyMap<number, Value>,
    reorder: 'blockChannels' | 'unblockChannels',
  ): Value {
    const found = wanted.get(id);
    if (found) return found;
    const there = other.get(id);
    if (!there) throw new Error(`expected %${id} to be defined before it is used`);
    const reordered = this.b.apply(reorder, [there], { blockSize: this.blockSize });
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

function hasShapeOf(value: Value, { shape }: Value): boolean {
  return value.shape.length === shape.length && value.shape.every((n, i) => n === shape[i]);
}
