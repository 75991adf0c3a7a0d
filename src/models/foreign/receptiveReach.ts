import type { Graph, Node, Value } from '../../graph/index.js';

/** How far a value has looked, in input pixels, and how many of those its own pixels are apart. */
interface View {
  readonly reach: number;
  readonly stride: number;
}

/**
 * How many pixels of its input, to one side, a pixel of a network's output depends on at most: half the receptive field.
 * Infinity where an operation takes in whole rows, columns or pictures.
 */
export function receptiveReach(graph: Graph): number {
  const [input] = graph.inputs;
  const views = new Map<number, View>();
  for (const { id } of graph.params) views.set(id, { reach: 0, stride: 1 });
  views.set(input.id, { reach: 0, stride: 1 });
  const width = input.shape[3];
  for (const node of graph.nodes) {
    const seen = node.inputs.map(({ id }) => views.get(id) ?? { reach: 0, stride: 1 });
    const reach = Math.max(0, ...seen.map((view) => view.reach)) + extraReach(node, seen[0]?.stride ?? 1);
    views.set(node.output.id, { reach, stride: strideOf(node.output, width) ?? seen[0]?.stride ?? 1 });
  }
  const outputs = Object.values(graph.outputs).map(({ id }) => views.get(id)?.reach ?? 0);
  return Math.ceil(Math.max(...outputs));
}

/** Only maps have one. */
function strideOf({ shape }: Value, inputWidth: number): number | undefined {
  return shape.length === 4 ? inputWidth / shape[3] : undefined;
}

function extraReach(node: Node, stride: number): number {
  switch (node.op) {
    case 'conv':
    case 'convTranspose': {
      const [kh, kw] = node.inputs[1].shape.slice(2);
      const [dh, dw] = node.attributes.dilations;
      const step = node.op === 'conv' ? stride : stride / Math.max(...node.attributes.strides);
      return (Math.max((kh - 1) * dh, (kw - 1) * dw) / 2) * step;
    }
    case 'spaceToDepth':
      return (node.attributes.blockSize - 1) * stride;
    case 'resize':
      return node.attributes.mode === 'linear' ? stride : 0;
    case 'reduceSum':
    case 'reduceMean':
    case 'reduceMax':
      return node.attributes.axes.some((axis) => axis >= 2 && node.inputs[0].shape[axis] > 1)
        ? Infinity
        : 0;
    case 'softmax':
    case 'groupNorm':
      return Infinity;
    case 'matmul':
      return node.inputs[0].shape.length > 2 ? Infinity : 0;
    default:
      return 0;
  }
}
