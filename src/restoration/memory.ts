import { graphCost } from '../graph/index.js';
import { restorerMultiple, type RestorerConfig } from '../models/index.js';
import { formatBytes, MemoryError } from '../runtime/memory.js';
import { tileOverlap } from './createRestorer.js';
import { restorationGraph } from './restorationGraph.js';
import { planTiles } from './tiles.js';

// Measured as the peak resident memory of whole runs, and rounded up.

/** The program itself: JavaScript, libvips and ONNX Runtime. */
const PROGRAM_BYTES = 160e6;
/** A pixel read: its file's bytes, 8-bit and float32 samples. */
const BYTES_PER_INPUT_PIXEL = 30;
/** A pixel written: float32 and 8-bit samples, and the encoder's buffers. */
const BYTES_PER_OUTPUT_PIXEL = 22;
/** On top of that, a pixel's transparency: enlarged, limited, joined to the colours and encoded. */
const ALPHA_BYTES_PER_OUTPUT_PIXEL = 22;
/** ONNX Runtime's arena over the activations that are alive at once: first it grows bit by bit, then as a whole. */
const ARENA_FACTOR = 5.5;

/** Largest first: the fewer tiles, the less is computed twice. */
const TILE_SIDES = [512, 384, 256, 192, 128] as const;

/** A picture to be restored, in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
  readonly hasAlpha?: boolean;
}

/** About how many bytes it takes to restore a picture from file to file with tiles of at most `tile` pixels a side. */
export function restorationBytes(config: RestorerConfig, size: PictureSize, tile: number): number {
  const { scale } = config;
  const multiple = restorerMultiple(config);
  const grid = planTiles(size.width, size.height, { tile, overlap: tileOverlap, multiple });
  const graph = restorationGraph(config, grid.tileWidth, grid.tileHeight);
  const { peakBytes, parameters } = graphCost(graph);
  const tileBytes = ARENA_FACTOR * peakBytes + 3 * 4 * parameters;
  const alphaBytes = size.hasAlpha ? ALPHA_BYTES_PER_OUTPUT_PIXEL : 0;
  const outputBytes = (BYTES_PER_OUTPUT_PIXEL + alphaBytes) * scale * scale;
  const pictureBytes = (BYTES_PER_INPUT_PIXEL + outputBytes) * size.width * size.height;
  return PROGRAM_BYTES + tileBytes + pictureBytes;
}

/**
 * The largest of these tiles with which a picture can be restored in `available` bytes.
 * @throws MemoryError saying how much it takes when not even the smallest fits.
 */
export function chooseTile(
  config: RestorerConfig,
  size: PictureSize,
  available: number,
  sides: readonly number[] = TILE_SIDES,
): number {
  const needs = sides.map((tile) => restorationBytes(config, size, tile));
  const fitting = needs.findIndex((bytes) => bytes <= available);
  if (fitting >= 0) return sides[fitting];
  const { width, height } = size;
  const target = `${width * config.scale}x${height * config.scale}`;
  throw new MemoryError(
    `expected ${formatBytes(Math.min(...needs))} of memory to restore ` +
      `${width}x${height} pixels to ${target}, got ${formatBytes(available)}`,
  );
}
