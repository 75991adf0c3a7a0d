import { appendGraph, GraphBuilder, type Graph, type Value } from '../../graph/index.js';
import { float32 } from '../../tensor/index.js';
import type { ForeignNetwork } from './foreignNetwork.js';
import { receptiveReach } from './receptiveReach.js';

/** A network from outside, as restoring pictures takes it: RGB in and out, of any size up to `largest`. */
export interface ForeignRestorer {
  readonly scale: number;
  readonly inChannels: 3;
  readonly network: ForeignNetwork;
  /** Pixels around a tile that the network looks at, as far as tiles can be that much larger. */
  readonly reach: number;
  /** The longest sides of what it takes at once; null for any. */
  readonly largest: { readonly width: number; readonly height: number } | null;
}

/** Enough that nothing is seen where tiles meet, with networks that look further than this in theory. */
const MOST_REACH = 40;
const PROBE_SIDE = 64;

/** @throws RangeError for a network whose pictures have other channels than photos. */
export function foreignRestorer(network: ForeignNetwork): ForeignRestorer {
  const { inChannels, outChannels, multiple, fixedSize, scale } = network;
  if (outChannels !== inChannels && !(inChannels === 4 && outChannels === 3)) {
    throw new RangeError(
      `expected a network of as many channels out as in, got ${inChannels} in and ${outChannels} out`,
    );
  }
  const side = Math.ceil(PROBE_SIDE / multiple) * multiple;
  const size = fixedSize ?? { width: side, height: side };
  const found = receptiveReach(network.graph({ batch: 1, ...size }));
  const room = fixedSize ? Math.floor(Math.min(fixedSize.width, fixedSize.height) / 8) : MOST_REACH;
  const reach = Math.min(found, MOST_REACH, room);
  return { scale, inChannels: 3, network, reach, largest: fixedSize };
}

/**
 * The network on an RGB picture of this size: input `sample` `[1, 3, H, W]` in [0, 1], output `out_sample`
 * `[1, 3, scale H, scale W]`. One of a single channel gets the luma, and the colours are enlarged beside it; one of four gets an
 * opacity of 1; one of a fixed size gets the picture with its edges repeated.
 */
export function foreignRestorerGraph(
  { network }: ForeignRestorer,
  width: number,
  height: number,
): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', [1, 3, height, width]);
  const { fixedSize, scale } = network;
  const run = (x: Value): Value => {
    const size = fixedSize ?? { width, height };
    const padded = padEdges(b, x, size);
    const graph = { ...network.graph({ batch: 1, ...size }), taps: [] };
    const out = appendGraph(b, graph, { sample: padded }).outputs.out_sample;
    if (size.width === width && size.height === height) return out;
    const rows = b.sliceAxis(out, 2, 0, height * scale);
    return b.sliceAxis(rows, 3, 0, width * scale);
  };
  if (network.inChannels === 1) return b.build({ out_sample: onLuma(b, sample, run, scale) });
  if (network.inChannels === 3) return b.build({ out_sample: run(sample) });
  const opaque = b.expand(b.scalar(1), [1, 1, height, width]);
  return b.build({ out_sample: b.sliceAxis(run(b.concat([sample, opaque], 1)), 1, 0, 3) });
}

function padEdges(b: GraphBuilder, x: Value, size: { width: number; height: number }): Value {
  const [, , height, width] = x.shape;
  if (width === size.width && height === size.height) return x;
  const after = [0, 0, size.height - height, size.width - width];
  return b.apply('pad', [x], { before: [0, 0, 0, 0], after, mode: 'edge' });
}

/** JFIF's (ITU-R BT.601, full range), rows Y, Cb, Cr; colours around 0. */
const toYcc = [0.299, 0.587, 0.114, -0.168736, -0.331264, 0.5, 0.5, -0.418688, -0.081312];
const toRgb = [1, 0, 1.402, 1, -0.344136, -0.714136, 1, 1.772, 0];

function onLuma(b: GraphBuilder, rgb: Value, run: (luma: Value) => Value, scale: number): Value {
  const [, , height, width] = rgb.shape;
  const matrix = (values: number[]): Value => b.constant(float32([3, 3, 1, 1], values));
  const ycc = b.conv(rgb, matrix(toYcc), null);
  const colours = b.sliceAxis(ycc, 1, 1, 3);
  const size = { mode: 'linear' as const, height: height * scale, width: width * scale };
  const enlarged = scale === 1 ? colours : b.apply('resize', [colours], size);
  return b.conv(b.concat([run(b.sliceAxis(ycc, 1, 0, 1)), enlarged], 1), matrix(toRgb), null);
}
