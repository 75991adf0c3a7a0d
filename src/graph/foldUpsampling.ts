import { float32 } from '../tensor/index.js';
import { GraphBuilder } from './builder.js';
import type { Graph, NodeOf, Value } from './ir.js';

/** A 3x3 convolution of a map that was enlarged to twice the size by repeating its cells. */
interface Upsampling {
  readonly small: Value;
  readonly conv: NodeOf<'conv'>;
}

/**
 * The same graph with every nearest enlargement to twice the size and the 3x3 convolution after it as one
 * 2x2 convolution of the small map: of the nine cells under a kernel on the enlarged map, those that repeat
 * one cell share a product with the sum of their weights. 16 products for each small cell, not 36. Only for
 * weights that are params, whose sums are computed once, when the graph is loaded.
 */
export function foldUpsampling(graph: Graph): Graph {
  const found = upsamplings(graph);
  if (found.size === 0) return graph;
  const b = new GraphBuilder();
  const moved = new Map<number, Value>();
  const valueOf = ({ id }: Value): Value => {
    const value = moved.get(id);
    if (!value) throw new Error(`expected %${id} to be defined before it is used`);
    return value;
  };
  for (const { id, name, shape, dtype } of graph.inputs) {
    moved.set(id, b.input(name, shape, dtype));
  }
  for (const { id, name, shape, dtype } of graph.params) {
    moved.set(id, b.param(name, shape, dtype));
  }
  for (const { op, inputs, attributes, output } of graph.nodes) {
    const upsampling = found.get(output.id);
    const value = upsampling
      ? foldedConv(b, valueOf(upsampling.small), upsampling.conv.inputs.slice(1).map(valueOf))
      : b.apply(op, inputs.map(valueOf), attributes);
    moved.set(output.id, value);
  }
  for (const { name, value, reduction } of graph.taps) b.tap(name, valueOf(value), reduction);
  const outputs = Object.entries(graph.outputs).map(([name, value]) => [name, valueOf(value)]);
  return b.build(Object.fromEntries(outputs) as Record<string, Value>);
}

/** By the id of the convolution's result. */
function upsamplings(graph: Graph): Map<number, Upsampling> {
  const params = new Set(graph.params.map(({ id }) => id));
  const uses = new Map<number, number>();
  const use = ({ id }: Value): void => void uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(use);
  for (const { value } of graph.taps) use(value);
  Object.values(graph.outputs).forEach(use);
  const enlarged = new Map<number, Value>();
  const found = new Map<number, Upsampling>();
  for (const node of graph.nodes) {
    if (node.op === 'resize' && doubles(node) && uses.get(node.output.id) === 1) {
      enlarged.set(node.output.id, node.inputs[0]);
    }
    if (node.op !== 'conv') continue;
    const small = enlarged.get(node.inputs[0].id);
    if (small && isPlain3x3(node) && node.inputs.slice(1).every(({ id }) => params.has(id))) {
      found.set(node.output.id, { small, conv: node });
    }
  }
  return found;
}

function doubles({ inputs: [x], attributes }: NodeOf<'resize'>): boolean {
  const { mode, height, width } = attributes;
  return mode === 'nearest' && height === 2 * x.shape[2] && width === 2 * x.shape[3];
}

function isPlain3x3({ inputs: [, weight], attributes }: NodeOf<'conv'>): boolean {
  const { strides, pads, dilations, groups } = attributes;
  const ones = [...strides, ...pads, ...dilations, groups];
  return weight.shape[2] === 3 && weight.shape[3] === 3 && ones.every((n) => n === 1);
}

/**
 * A window of two rows, small rows p - 1 and p, is what the enlarged rows 2p - 1 (weights 0 + 1, 2) and 2p
 * (weights 0, 1 + 2) need: block p of the result holds these two, so it is one row too early.
 */
function foldedConv(b: GraphBuilder, x: Value, [weight, bias]: readonly Value[]): Value {
  const [out, channels] = weight.shape;
  const [, , h, w] = x.shape;
  const taps = b.matmul(b.reshape(weight, [out * channels, 9]), b.constant(float32([9, 16], sums)));
  const byPhase = b.transpose(b.reshape(taps, [out, channels, 4, 4]), [0, 2, 1, 3]);
  const folded = b.reshape(byPhase, [out * 4, channels, 2, 2]);
  const fourfold = (v: Value): Value =>
    b.reshape(b.expand(b.reshape(v, [out, 1]), [out, 4]), [out * 4]);
  const phases = b.conv(x, folded, bias ? fourfold(bias) : null, { pads: [1, 1, 1, 1] });
  const shifted = b.pixelShuffle(phases, 2);
  return b.sliceAxis(b.sliceAxis(shifted, 2, 1, 2 * h + 1), 3, 1, 2 * w + 1);
}

/** Which weights along one axis meet in (phase, tap) of the folded kernel. */
const meeting = [
  [[1, 1, 0], [0, 0, 1]],
  [[1, 0, 0], [0, 1, 1]],
] as const; // prettier-ignore

/** From the 9 weights (row, column) to 16: phase of row and column, then tap of row and column. */
const sums = Array.from({ length: 9 * 16 }, (_, i) => {
  const [row, column] = [Math.floor(i / 48), Math.floor(i / 16) % 3];
  const [phaseRow, phaseColumn, tapRow, tapColumn] = [8, 4, 2, 1].map((bit) => (i & bit) / bit);
  return meeting[phaseRow][tapRow][row] * meeting[phaseColumn][tapColumn][column];
});
