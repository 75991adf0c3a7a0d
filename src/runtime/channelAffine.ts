import type { Graph, Node, Value } from '../graph/index.js';

/** A scale and a shift for each channel of a map `[N, C, H, W]`, params `[C]`. */
export interface ChannelAffine {
  readonly x: Value;
  readonly scale: Value;
  readonly shift: Value;
}

/**
 * Finds additions that end a scale and a shift a channel by weights that stay, as group norms are left in restorers of the
 * family. ONNX Runtime runs these as two passes over the map, a depthwise 1x1 convolution as one.
 */
export function channelAffines(graph: Graph): (node: Node) => ChannelAffine | null {
  const made = new Map(graph.nodes.map((node) => [node.output.id, node]));
  const params = new Set(graph.params.map(({ id }) => id));
  /** The param `[C]` that was reshaped to `[1, C, 1, 1]` for a map; null for anything else. */
  const perChannel = (value: Value, map: Value): Value | null => {
    const node = made.get(value.id);
    const [one, channels, height, width] = value.shape;
    if (node?.op !== 'reshape' || map.shape.length !== 4 || value.shape.length !== 4) return null;
    if (one !== 1 || height !== 1 || width !== 1 || channels !== map.shape[1]) return null;
    const [source] = node.inputs;
    return params.has(source.id) && source.shape.length === 1 ? source : null;
  };
  return (node) => {
    if (node.op !== 'add') return null;
    const [scaled, offset] = node.inputs;
    const product = made.get(scaled.id);
    if (product?.op !== 'mul') return null;
    const [x, factor] = product.inputs;
    const [scale, shift] = [perChannel(factor, x), perChannel(offset, x)];
    return scale && shift && { x, scale, shift };
  };
}
