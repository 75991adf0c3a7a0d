import { graphCost } from '../graph/index.js';
import { formatBytes, MemoryError } from '../runtime/memory.js';
import { restorationGraph, tileOptions, type RestoringNetwork } from './restorationGraph.js';
import { planTiles } from './tiles.js';

// Measured as the peak resident memory of whole runs, and rounded up.

/** The program itself: JavaScript, libvips and ONNX Runtime. */
const PROGRAM_BYTES = 200e6;
/** ONNX Runtime's arena over the activations that are alive at once: first it grows bit by bit, then as a whole. */
const ARENA_FACTOR = 5.5;
/** Strips of the result that are there at a time: one growing, its copy, and those that wait for the next. */
const STRIPS_ALIVE = 4.5;
const FLOAT_BYTES = 4;

/** Largest first: the fewer tiles, the less is computed twice. */
const TILE_SIDES = [512, 384, 256, 192, 128] as const;
/** What is taken at most, however much there is, as long as smaller tiles do. */
const COMFORTABLE_BYTES = 1.25e9;

/** A picture to be restored, in pixels, and what is to become of it. */
export interface RestorationSize {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly output: { readonly width: number; readonly height: number };
  /** Of the file, and of what its decoder and the encoder of the result hold at once. */
  readonly codecBytes: number;
}

/** About how many bytes it takes to restore a picture from file to file with tiles of at most `tile` pixels a side. */
export function restorationBytes(
  config: RestoringNetwork,
  { width, height, channels, output, codecBytes }: RestorationSize,
  tile: number,
): number {
  const grid = planTiles(width, height, tileOptions(config, tile));
  const graph = restorationGraph(config, grid.tileWidth, grid.tileHeight);
  const { peakBytes, parameters } = graphCost(graph);
  const tileBytes = ARENA_FACTOR * peakBytes + 3 * FLOAT_BYTES * parameters;
  const sample = channels * FLOAT_BYTES;
  const stripHeight = Math.min(output.height, (grid.tileHeight * output.height) / height);
  const stripBytes = STRIPS_ALIVE * output.width * stripHeight * sample;
  const rowBytes = 2 * width * Math.min(height, grid.tileHeight) * sample;
  return PROGRAM_BYTES + tileBytes + stripBytes + rowBytes + codecBytes;
}

/**
 * The largest of these tiles with which a picture can be restored in `available` bytes, and in about 1.25 GB if
 * any can.
 * @throws MemoryError saying how much it takes when not even the smallest fits.
 */
export function chooseTile(
  config: RestoringNetwork,
  size: RestorationSize,
  available: number,
  sides: readonly number[] = TILE_SIDES,
): number {
  const needs = sides.map((tile) => restorationBytes(config, size, tile));
  const modest = needs.findIndex((bytes) => bytes <= Math.min(available, COMFORTABLE_BYTES));
  if (modest >= 0) return sides[modest];
  const least = Math.min(...needs);
  if (least <= available) return sides[needs.indexOf(least)];
  const { width, height, output } = size;
  throw new MemoryError(
    `expected ${formatBytes(least)} of memory to restore ${width}x${height} pixels ` +
      `to ${output.width}x${output.height}, got ${formatBytes(available)}`,
  );
}
