import type { Graph, GraphBuilder, Node, NodeOf, Value } from '../graph/index.js';
import { elementCount, tensor } from '../tensor/index.js';

/** A 1x1 convolution whose weight stays from run to run, and the pixel shuffle of what it gives. */
export interface ShuffledConv {
  readonly x: Value;
  readonly weight: Value;
  readonly bias: Value | null;
  readonly blockSize: number;
}

/** Tells the pixel shuffles of a graph that follow such a convolution from its other nodes. */
export function shuffledConvs(graph: Graph): (node: Node) => ShuffledConv | null {
  const params = new Set(graph.params.map(({ id }) => id));
  const producers = new Map(graph.nodes.map((node) => [node.output.id, node]));
  return (node) => {
    if (node.op !== 'depthToSpace') return null;
    const conv = producers.get(node.inputs[0].id);
    if (conv?.op !== 'conv' || !isPointwise(conv) || !params.has(conv.inputs[1].id)) return null;
    const [x, weight, bias = null] = conv.inputs;
    return { x, weight, bias, blockSize: node.attributes.blockSize };
  };
}

function isPointwise({ inputs: [x, weight], attributes }: NodeOf<'conv'>): boolean {
  const { strides, pads, groups } = attributes;
  return (
    x.dtype === 'float32' &&
    groups === 1 &&
    [...weight.shape.slice(2), ...strides].every((side) => side === 1) &&
    pads.every((pad) => pad === 0)
  );
}

/** Channels of a block of ONNX Runtime's own layout, in which its convolutions are fastest (half of it without AVX-512). */
const BLOCK = 16;

/**
 * Both as a transposed convolution, which puts a product's values where they belong in half the time that the shuffle takes. Its
 * bias has one value for each channel and not for each place of a block as well, so the bias becomes the weight of one more
 * channel, which is 1 everywhere. `[N, C, H, W]` to `[N, O / blockSize^2, blockSize H, blockSize W]`.
 */
export function transposedConv(
  b: GraphBuilder,
  x: Value,
  { weight, bias, blockSize }: ShuffledConv,
): Value {
  const [spread, channels] = weight.shape;
  const out = spread / blockSize ** 2;
  const flat = b.reshape(weight, [spread, channels]);
  const joined = bias ? b.concat([flat, b.reshape(bias, [spread, 1])], 1) : flat;
  const inputs = joined.shape[1];
  const kernel = b.reshape(b.transpose(joined, [1, 0]), [inputs, out, blockSize, blockSize]);
  const source = bias ? b.concat([x, filled(b, [x.shape[0], 1, ...x.shape.slice(2)])], 1) : x;
  const strides = [blockSize, blockSize] as const;
  const result = b.convTranspose(source, kernel, null, { strides });
  return out % BLOCK === 0 ? inBlocks(b, result) : result;
}

/**
 * The same values by a convolution that changes nothing. ONNX Runtime keeps what convolutions give in its own layout for as long as
 * every operand of a sum is in it, and adds where the convolution writes; a single operand in the common layout undoes that for all
 * residual sums after it.
 */
function inBlocks(b: GraphBuilder, x: Value): Value {
  const channels = x.shape[1];
  return b.conv(x, filled(b, [channels, 1, 1, 1]), null, { groups: channels });
}

function filled(b: GraphBuilder, shape: readonly number[]): Value {
  return b.constant(tensor('float32', shape, new Float32Array(elementCount(shape)).fill(1)));
}
