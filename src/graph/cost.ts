import { bytesPerElement, elementCount } from '../tensor/index.js';
import type { ValueType } from './infer.js';
import type { Graph, Node, Value } from './ir.js';
import { lastReads } from './liveness.js';
import type { Attributes, Op } from './operators.js';

/** The work of an operation. */
export interface Work {
  /** Multiply-accumulates of convolutions and matrix products, as the literature counts them. */
  readonly macs: number;
  /** Arithmetic: two for a multiply-accumulate, one for an elementary function; moving data is free. */
  readonly flops: number;
}

/** What a graph costs to hold and to run. */
export interface GraphCost extends Work {
  /** Elements of all params. */
  readonly parameters: number;
  /** Params. */
  readonly tensors: number;
  /** Bytes of every node's result, were all kept (as a backward pass may). */
  readonly activationBytes: number;
  /** The most bytes of inputs and results alive at once, each dropped after its last use. */
  readonly peakBytes: number;
}

type CostRule<A> = (inputs: readonly ValueType[], attributes: A, output: ValueType) => Work;

const free: CostRule<unknown> = () => ({ macs: 0, flops: 0 });

function perOutput(flops: number): CostRule<unknown> {
  return (_, __, output) => ({ macs: 0, flops: flops * elementCount(output.shape) });
}

function perInput(flops: number): CostRule<unknown> {
  return ([x]) => ({ macs: 0, flops: flops * elementCount(x.shape) });
}

function products(macs: number, bias: ValueType | undefined, output: ValueType): Work {
  return { macs, flops: 2 * macs + (bias ? elementCount(output.shape) : 0) };
}

const costRules: { readonly [O in Op]: CostRule<Attributes[O]> } = {
  constant: free,
  neg: perOutput(1),
  abs: perOutput(1),
  sign: perOutput(1),
  exp: perOutput(1),
  log: perOutput(1),
  sqrt: perOutput(1),
  sin: perOutput(1),
  cos: perOutput(1),
  tanh: perOutput(1),
  sigmoid: perOutput(1),
  erf: perOutput(1),
  floor: perOutput(1),
  round: perOutput(1),
  relu: perOutput(1),
  leakyRelu: perOutput(1),
  gelu: perOutput(1),
  clip: perOutput(1),
  cast: free,

  add: perOutput(1),
  sub: perOutput(1),
  mul: perOutput(1),
  div: perOutput(1),
  pow: perOutput(1),
  max: perOutput(1),
  min: perOutput(1),
  less: perOutput(1),
  greater: perOutput(1),
  equal: perOutput(1),
  where: perOutput(1),

  reduceSum: perInput(1),
  reduceMean: perInput(1),
  reduceMax: perInput(1),
  // Maximum, difference, exponential, sum, quotient.
  softmax: perOutput(5),

  reshape: free,
  expand: free,
  transpose: free,
  slice: free,
  concat: free,
  pad: free,
  gather: free,
  scatterAdd: ([, updates]) => ({ macs: 0, flops: elementCount(updates.shape) }),

  matmul: ([a], _, output) =>
    products(elementCount(output.shape) * a.shape[a.shape.length - 1], undefined, output),
  conv: ([, weight, bias], _, output) =>
    products(elementCount(output.shape) * elementCount(weight.shape.slice(1)), bias, output),
  convTranspose: ([x, weight, bias], _, output) =>
    products(elementCount(x.shape) * elementCount(weight.shape.slice(1)), bias, output),
  convWeightGradient: ([, dy], { kernel }, output) =>
    products(elementCount(dy.shape) * output.shape[1] * kernel[0] * kernel[1], undefined, output),
  blockChannels: free,
  unblockChannels: free,
  blockedConv: ([, weight, bias, added], { activation }, output) => {
    const { macs, flops } = products(
      elementCount(output.shape) * elementCount(weight.shape.slice(1)),
      bias,
      output,
    );
    const more = (added ? 1 : 0) + (activation === 'none' ? 0 : 1);
    return { macs, flops: flops + more * elementCount(output.shape) };
  },
  // Mean, difference, square, mean, quotient, scale, shift.
  groupNorm: perOutput(7),
  layerNorm: perOutput(7),
  // Two weights a row and two a column; nearest only moves.
  resize: ([x], { mode }, output) => (mode === 'nearest' ? free : perOutput(6))([x], {}, output),
  depthToSpace: free,
  spaceToDepth: free,
};

/** The work of one node. */
export function nodeWork(node: Node): Work {
  return applyRule(node.op, node.attributes, node);
}

function applyRule<O extends Op>(
  op: O,
  attributes: Attributes[Op],
  { inputs, output }: Node,
): Work {
  const rule: CostRule<Attributes[O]> = costRules[op];
  return rule(inputs, attributes as Attributes[O], output);
}

/** The cost of a whole graph; for a batch other than 1 it is that of the batch. */
export function graphCost(graph: Graph): GraphCost {
  const work = graph.nodes.map(nodeWork);
  return {
    parameters: total(graph.params.map((param) => elementCount(param.shape))),
    tensors: graph.params.length,
    macs: total(work.map(({ macs }) => macs)),
    flops: total(work.map(({ flops }) => flops)),
    activationBytes: total(graph.nodes.map((node) => bytesOf(node.output))),
    peakBytes: peakBytes(graph),
  };
}

function peakBytes(graph: Graph): number {
  const params = new Set(graph.params.map((param) => param.id));
  const finished = lastReads(graph);
  let live = total(graph.inputs.map(bytesOf));
  let peak = live;
  graph.nodes.forEach((node, i) => {
    live += bytesOf(node.output);
    peak = Math.max(peak, live);
    live -= total(finished[i].filter(({ id }) => !params.has(id)).map(bytesOf));
  });
  return peak;
}

function bytesOf({ dtype, shape }: Value): number {
  return bytesPerElement(dtype) * elementCount(shape);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0);
}
