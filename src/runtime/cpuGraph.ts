import { rewriteGraph, type Graph, type Node, type NodeOf, type Value } from '../graph/index.js';
import { elementCount } from '../tensor/index.js';
import { PATCH, TILE } from './winogradMatrices.js';
import { winogradConv } from './winograd.js';

/** What convolutions Winograd's form is faster for. */
export interface WinogradLimits {
  /** With fewer channels in or out, transforming costs more than the multiplications that it saves. */
  readonly channels: number;
  /** Transformed weights are four times as large, which maps of fewer values in all do not pay back. */
  readonly values: number;
}

/** Of processors, whose products are as fast as their memory. */
const nativeLimits: WinogradLimits = { channels: 128, values: 512 * 64 * 64 };
/** Of the patches that are transformed at a time. */
const STRIP_BYTES = 24e6;

/**
 * The graph as ONNX Runtime computes it fastest on a CPU: 3x3 convolutions of many channels on large maps,
 * with weights that stay, in Winograd's form. Results differ by a few rounding errors.
 */
export function cpuGraph(graph: Graph, limits = nativeLimits): Graph {
  const params = new Set(graph.params.map(({ id }) => id));
  const producers = new Map(graph.nodes.map((node) => [node.output.id, node]));
  return rewriteGraph(graph, (b, node, valueOf) => {
    if (node.op !== 'conv' || !isPlain3x3(node) || !params.has(node.inputs[1].id)) return null;
    const [x, weight, bias] = node.inputs;
    const enlarged = doubled(producers.get(x.id));
    const source = enlarged ?? x;
    if (!paysOff(source, weight, limits)) return null;
    const [n, channels, , w] = source.shape;
    const rowBytes = elementCount([PATCH ** 2, n, channels, Math.ceil(w / TILE)]) * 4;
    return winogradConv(b, valueOf(source), valueOf(weight), bias ? valueOf(bias) : null, {
      enlargement: enlarged ? 2 : 1,
      tileRows: Math.max(1, Math.floor(STRIP_BYTES / rowBytes)),
    });
  });
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

function paysOff(x: Value, weight: Value, limits: WinogradLimits): boolean {
  const [outChannels, channels] = weight.shape;
  const [, , h, w] = x.shape;
  const fewest = Math.min(outChannels, channels);
  return fewest >= limits.channels && fewest * h * w >= limits.values;
}

/** What a node enlarges twofold, to the nearest. */
function doubled(node: Node | undefined): Value | null {
  if (node?.op !== 'resize' || node.attributes.mode !== 'nearest') return null;
  const [x] = node.inputs;
  const { height, width } = node.attributes;
  return height === 2 * x.shape[2] && width === 2 * x.shape[3] ? x : null;
}
