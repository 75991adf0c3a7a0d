import type { Graph, Node, NodeOf, Value } from '../graph/index.js';

/** A 3x3 convolution with stride 1 and a zero all around, whose weight stays from run to run. */
export interface PlainConv {
  readonly x: Value;
  readonly weight: Value;
  readonly bias: Value | null;
  /** What `x` is, enlarged twofold to the nearest; null where it is anything else. */
  readonly small: Value | null;
}

/** Tells the plain convolutions of a graph from its other nodes. */
export function plainConvs(graph: Graph): (node: Node) => PlainConv | null {
  const params = new Set(graph.params.map(({ id }) => id));
  const producers = new Map(graph.nodes.map((node) => [node.output.id, node]));
  return (node) => {
    if (node.op !== 'conv' || !isPlain3x3(node) || !params.has(node.inputs[1].id)) return null;
    const [x, weight, bias = null] = node.inputs;
    return { x, weight, bias, small: doubled(producers.get(x.id)) };
  };
}

function isPlain3x3({ inputs: [x, weight], attributes }: NodeOf<'conv'>): boolean {
  const { strides, pads, dilations, groups } = attributes;
  const kernel = weight.shape.slice(2);
  return (
    x.dtype === 'float32' &&
    groups === 1 &&
    kernel.every((side) => side === 3) &&
    [...strides, ...dilations, ...pads].every((one) => one === 1)
  );
}

/** What a node enlarges twofold, to the nearest. */
function doubled(node: Node | undefined): Value | null {
  if (node?.op !== 'resize' || node.attributes.mode !== 'nearest') return null;
  const [x] = node.inputs;
  const { height, width } = node.attributes;
  return height === 2 * x.shape[2] && width === 2 * x.shape[3] ? x : null;
}
