// Filters as lists of taps, computed by WebAssembly's vector instructions: four products at a time, and nothing for
// weights that are zero. A filter of any form is one list; a separable one is two.

import { channelPlane, createImage, type Image } from '../../image.js';
import { edgePosition } from '../../separable.js';
import { correlateWasm } from './correlateWasm.js';

/** What a filter takes from around a pixel: `weight` times what is `x` to the right and `y` below. */
export interface Tap {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

/** Values computed at once. */
const BLOCK = 16;
const PAGE = 65536;
/** Large pictures go in strips of about so many bytes, which stay in the cache. */
const STRIP_BYTES = 2 ** 20;

interface Machine {
  readonly memory: WebAssembly.Memory;
  readonly correlate: (
    source: number,
    sourceStride: number,
    out: number,
    outStride: number,
    blocks: number,
    height: number,
    taps: number,
    count: number,
  ) => void;
}

let machine: Machine | undefined;

/** Made when first asked for; nothing in its memory outlives a call. */
function openMachine(): Machine {
  if (machine) return machine;
  const bytes = Uint8Array.from(atob(correlateWasm), (character) => character.charCodeAt(0));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const memory = exports.memory as WebAssembly.Memory;
  machine = { memory, correlate: exports.correlate as Machine['correlate'] };
  return machine;
}

/** Passes of a filter, one after the other: each reads the rows that it needs of what the one before wrote. */
export type Passes = readonly (readonly Tap[])[];

/** Filters each channel by lists of taps in float32; edges reflect without repeating the edge pixel. */
export function correlateTaps(image: Image, passes: Passes): Image {
  const { width, height, channels } = image;
  const filtered = createImage(width, height, channels);
  const strip = planStrip(width, passes);
  for (let channel = 0; channel < channels; channel++) {
    const [source, out] = [channelPlane(image, channel), channelPlane(filtered, channel)];
    for (let top = 0; top < height; top += strip.rows) {
      filterStrip(source, out, { width, height }, passes, strip, top);
    }
  }
  return filtered;
}

interface Strip {
  /** Rows of the result. */
  readonly rows: number;
  /** How far passes reach, to either side and up or down, all together. */
  readonly reachX: number;
  readonly reachY: number;
  readonly stride: number;
  /** Where the columns before and after a row come from, outwards. */
  readonly before: Int32Array;
  readonly after: Int32Array;
}

function planStrip(width: number, passes: Passes): Strip {
  const reach = (axis: 'x' | 'y'): number =>
    passes.reduce((sum, taps) => sum + furthest(taps, axis), 0);
  const [reachX, reachY] = [reach('x'), reach('y')];
  // Blocks may end beyond the last pixel, and read as far beyond the padding.
  const stride = BLOCK * Math.ceil((width + 2 * reachX) / BLOCK) + BLOCK;
  const rows = Math.max(16, Math.floor(STRIP_BYTES / (4 * stride)));
  const mirrored = (column: (x: number) => number): Int32Array =>
    Int32Array.from({ length: reachX }, (_, x) => edgePosition(column(x + 1), width, 'reflect'));
  const [before, after] = [mirrored((x) => -x), mirrored((x) => width - 1 + x)];
  return { rows, reachX, reachY, stride, before, after };
}

function furthest(taps: readonly Tap[], axis: 'x' | 'y'): number {
  return taps.reduce((most, tap) => Math.max(most, Math.abs(tap[axis])), 0);
}

interface Sides {
  readonly width: number;
  readonly height: number;
}

function filterStrip(
  source: Float32Array,
  out: Float32Array,
  { width, height }: Sides,
  passes: Passes,
  strip: Strip,
  top: number,
): void {
  const { rows: most, reachX, reachY, stride } = strip;
  const rows = Math.min(most, height - top);
  const padded = rows + 2 * reachY;
  const area = stride * (padded + 1);
  const taps = Math.max(...passes.map(({ length }) => length));
  const { memory, correlate } = openMachine();
  // Two pictures that passes read and write in turn, and the taps.
  const bytes = 4 * (2 * area + 2 * taps);
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  const values = new Float32Array(memory.buffer, 0, bytes >> 2);
  const distances = new Int32Array(memory.buffer, 0, bytes >> 2);
  padRows(source, { width, height }, values, strip, top, padded);
  let [from, to, left, above] = [0, area, reachX, reachY];
  for (const pass of passes) {
    pass.forEach(({ x, y, weight }, i) => {
      distances[2 * (area + i)] = 4 * (y * stride + x);
      values[2 * (area + i) + 1] = weight;
    });
    left -= furthest(pass, 'x');
    above -= furthest(pass, 'y');
    const corner = (reachY - above) * stride + (reachX - left);
    const blocks = Math.ceil((width + 2 * left) / BLOCK);
    correlate(
      ...([4 * (from + corner), 4 * stride, 4 * (to + corner), 4 * stride] as const),
      ...([blocks, rows + 2 * above, 8 * area, pass.length] as const),
    );
    [from, to] = [to, from];
  }
  for (let y = 0; y < rows; y++) {
    const row = from + (y + reachY) * stride + reachX;
    out.set(values.subarray(row, row + width), (top + y) * width);
  }
}

function padRows(
  source: Float32Array,
  { width, height }: Sides,
  values: Float32Array,
  { reachX, reachY, stride, before, after }: Strip,
  top: number,
  padded: number,
): void {
  for (let y = 0; y < padded; y++) {
    const row = edgePosition(top + y - reachY, height, 'reflect') * width;
    const to = y * stride + reachX;
    values.set(source.subarray(row, row + width), to);
    for (let x = 0; x < reachX; x++) {
      values[to - 1 - x] = source[row + before[x]];
      values[to + width + x] = source[row + after[x]];
    }
  }
}
