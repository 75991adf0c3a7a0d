import { channelPlane, createImage, type Image, type PictureRows } from '../image/index.js';
import { filterSeparable } from '../image/separable.js';
import { axisShare, outputAxis, tapsWithin, type AxisShare, type OutputAxis } from './blending.js';
import type { Tile, TileGrid } from './tiles.js';
import { cutWindow } from './windows.js';

/** How a picture becomes a larger one, tile by tile. */
export interface StripPlan {
  readonly grid: TileGrid;
  /** What the network enlarges by. */
  readonly scale: number;
  /** Of the result, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Enlarges a tile of the picture by `scale`. */
  readonly enlarge: (tile: Image) => Promise<Image>;
}

/**
 * The restored picture in strips [C, h, width] from the top, each as soon as no tile adds to it any more. Tiles
 * fade into one another, and are resampled to the size of the result one by one.
 */
export async function* enlargedStrips(
  picture: PictureRows,
  plan: StripPlan,
): AsyncGenerator<Image> {
  const { grid, scale } = plan;
  const across = outputAxis(picture.width, plan.width, scale);
  const down = outputAxis(picture.height, plan.height, scale);
  let open = emptyStrip(0, 0, plan.width, picture.channels);
  for (const row of tileRows(grid)) {
    const rows = await readWindowRows(picture, row[0].top, grid.tileHeight);
    const { top, height } = row[0].core;
    const share = axisShare(down, top, top + height);
    open = grown(open, share.first + share.weights.length);
    for (const tile of row) {
      const window = cutWindow(rows, {
        left: tile.left,
        top: 0,
        width: grid.tileWidth,
        height: grid.tileHeight,
      });
      addTile(open, await plan.enlarge(window), tile, { across, down, share });
    }
    const isLast = top + height === picture.height;
    const next = isLast ? plan.height : axisShare(down, top + height, picture.height).first;
    const { done, rest } = split(open, next);
    open = rest;
    if (done) yield limited(done);
  }
}

/** Rows `top` to `top + image.height` of the result, not all tiles of which have been added. */
interface OpenStrip {
  readonly top: number;
  readonly width: number;
  readonly channels: number;
  readonly height: number;
  readonly data: Float32Array;
}

interface Placement {
  readonly across: OutputAxis;
  readonly down: OutputAxis;
  /** What the tile's row adds to. */
  readonly share: AxisShare;
}

function addTile(strip: OpenStrip, enlarged: Image, tile: Tile, placement: Placement): void {
  const { across, down, share } = placement;
  const { left, width } = tile.core;
  const columns = axisShare(across, left, left + width);
  const horizontal = tapsWithin(across, columns, tile.left * across.scale);
  const vertical = tapsWithin(down, share, tile.top * down.scale);
  const [w, h] = [columns.weights.length, share.weights.length];
  const resampled = new Float32Array(across.taps || down.taps ? w * h : 0);
  for (let channel = 0; channel < strip.channels; channel++) {
    const plane = channelPlane(enlarged, channel);
    const to = channel * strip.height * strip.width + (share.first - strip.top) * strip.width;
    const target = strip.data.subarray(to, to + h * strip.width);
    if (resampled.length === 0) {
      const from = vertical.indices[0] * enlarged.width + horizontal.indices[0];
      blend(target, strip.width, plane.subarray(from), enlarged.width, columns, share);
    } else {
      filterSeparable(plane, enlarged.width, enlarged.height, horizontal, vertical, resampled);
      blend(target, strip.width, resampled, w, columns, share);
    }
  }
}

function blend(
  target: Float32Array,
  targetWidth: number,
  source: Float32Array,
  sourceWidth: number,
  columns: AxisShare,
  rows: AxisShare,
): void {
  const { first, weights } = columns;
  for (let y = 0; y < rows.weights.length; y++) {
    const weight = rows.weights[y];
    const to = y * targetWidth + first;
    const from = y * sourceWidth;
    for (let x = 0; x < weights.length; x++) {
      target[to + x] += weight * weights[x] * source[from + x];
    }
  }
}

function emptyStrip(top: number, height: number, width: number, channels: number): OpenStrip {
  return { top, height, width, channels, data: new Float32Array(channels * height * width) };
}

/** The strip, reaching down to row `bottom`. */
function grown(strip: OpenStrip, bottom: number): OpenStrip {
  const { top, height, width, channels, data } = strip;
  const larger = emptyStrip(top, Math.max(height, bottom - top), width, channels);
  for (let channel = 0; channel < channels; channel++) {
    const from = channel * height * width;
    larger.data.set(data.subarray(from, from + height * width), channel * larger.height * width);
  }
  return larger;
}

/** Limits values to [0, 1] where they are: interpolation overshoots. */
function limited(image: Image): Image {
  const { data } = image;
  for (let i = 0; i < data.length; i++) data[i] = Math.min(1, Math.max(0, data[i]));
  return image;
}

/** What lies above row `next`, and the rest. */
function split(strip: OpenStrip, next: number): { done: Image | undefined; rest: OpenStrip } {
  const { top, height, width, channels, data } = strip;
  const count = next - top;
  if (count <= 0) return { done: undefined, rest: strip };
  const whole = { width, height, channels, data };
  if (count === height) return { done: whole, rest: emptyStrip(next, 0, width, channels) };
  const part = (from: number, rows: number): Image => {
    const image = createImage(width, rows, channels);
    for (let channel = 0; channel < channels; channel++) {
      const plane = channelPlane(whole, channel);
      channelPlane(image, channel).set(plane.subarray(from * width, (from + rows) * width));
    }
    return image;
  };
  return { done: part(0, count), rest: { top: next, ...part(count, height - count) } };
}

function tileRows({ tiles }: TileGrid): Tile[][] {
  const rows: Tile[][] = [];
  for (const tile of tiles) {
    const last = rows.at(-1);
    if (last && last[0].top === tile.top && last[0].core.top === tile.core.top) last.push(tile);
    else rows.push([tile]);
  }
  return rows;
}

/** The rows that a row of tiles sees; below the picture's lower end it goes on mirrored. */
async function readWindowRows(picture: PictureRows, top: number, height: number): Promise<Image> {
  const inside = Math.min(height, picture.height - top);
  const rows = await picture.read(top, inside);
  if (inside === height) return rows;
  return cutWindow(rows, { left: 0, top: 0, width: picture.width, height });
}
