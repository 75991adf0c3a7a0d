import { rewriteGraph, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { elementCount } from '../tensor/index.js';
import { channelAffines, type ChannelAffine } from './channelAffine.js';
import { plainConvs } from './plainConv.js';
import { PATCH, TILE } from './winogradMatrices.js';
import { shuffledConvs, transposedConv, type ShuffledConv } from './shuffledConv.js';
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
 * with weights that stay, in Winograd's form, 1x1 convolutions before a pixel shuffle as transposed ones, and scales and shifts of
 * channels as depthwise ones. Results differ by a few rounding errors.
 */
export function cpuGraph(graph: Graph, limits = nativeLimits): Graph {
  const plainConv = plainConvs(graph);
  const shuffledConv = shuffledConvs(graph);
  const channelAffine = channelAffines(graph);
  return rewriteGraph(graph, (b, node, valueOf) => {
    const shuffled = shuffledConv(node);
    if (shuffled) return spread(b, shuffled, valueOf);
    const affine = channelAffine(node);
    if (affine) return depthwise(b, affine, valueOf);
    const found = plainConv(node);
    if (!found) return null;
    const { x, weight, bias, small } = found;
    const source = small ?? x;
    if (!paysOff(source, weight, limits)) return null;
    const [n, channels, , w] = source.shape;
    const rowBytes = elementCount([PATCH ** 2, n, channels, Math.ceil(w / TILE)]) * 4;
    return winogradConv(b, valueOf(source), valueOf(weight), bias && valueOf(bias), {
      enlargement: small ? 2 : 1,
      tileRows: Math.max(1, Math.floor(STRIP_BYTES / rowBytes)),
    });
  });
}

function depthwise(
  b: GraphBuilder,
  { x, scale, shift }: ChannelAffine,
  valueOf: (value: Value) => Value,
): Value {
  const groups = scale.shape[0];
  const weight = b.reshape(valueOf(scale), [groups, 1, 1, 1]);
  return b.conv(valueOf(x), weight, valueOf(shift), { groups });
}

function spread(b: GraphBuilder, found: ShuffledConv, valueOf: (value: Value) => Value): Value {
  const { x, weight, bias } = found;
  const moved = { ...found, weight: valueOf(weight), bias: bias && valueOf(bias) };
  return transposedConv(b, valueOf(x), moved);
}

function paysOff(x: Value, weight: Value, limits: WinogradLimits): boolean {
  const [outChannels, channels] = weight.shape;
  const [, , h, w] = x.shape;
  const fewest = Math.min(outChannels, channels);
  return fewest >= limits.channels && fewest * h * w >= limits.values;
}
