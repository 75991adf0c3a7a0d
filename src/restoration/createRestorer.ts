import type { Executor, Session } from '../graph/index.js';
import { createImage, type Image } from '../image/index.js';
import { restorerMultiple, type RestorerConfig } from '../models/index.js';
import { createQueue } from '../runtime/queue.js';
import { tensor, toFloat32, type Weights } from '../tensor/index.js';
import { restorationGraph } from './restorationGraph.js';
import { createSessionCache } from './sessionCache.js';
import { planTiles, type Tile, type TileGrid } from './tiles.js';
import { cutWindow, pasteWindow } from './windows.js';

/** The longest side of what is computed at once unless said otherwise, in input pixels. */
export const defaultTile = 512;
/** Pixels of surroundings that tiles compute and drop on each side. */
export const tileOverlap = 16;
/** Photos of a set often alternate between upright and across. */
const SESSIONS_KEPT = 2;

export interface RestorerOptions {
  /** Runs the network. It stays the caller's to dispose of. */
  readonly executor: Executor;
  readonly config: RestorerConfig;
  /** float32, by state-dict key. */
  readonly weights: Weights;
}

export interface RestoreProgress {
  /** Tiles computed so far. */
  readonly done: number;
  readonly total: number;
}

export interface RestoreOptions {
  /** Rejects with the signal's reason; what is being computed is not waited for. */
  readonly signal?: AbortSignal;
  /** Called when a picture has been divided, and after each tile. */
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** The longest side of what is computed at once, in input pixels: bounds the memory; 512 unless given. */
  readonly tile?: number;
}

/** A network ready to restore pictures. */
export interface Restorer extends AsyncDisposable {
  /** Output pixels a side for one input pixel. */
  readonly scale: number;
  /**
   * Restores an image [3, H, W] of any size, sRGB in [0, 1], to [3, scale H, scale W] in [0, 1]. The same
   * image gives the same result; calls at the same time wait for one another.
   * @throws RangeError for another number of channels; the signal's reason when aborted.
   */
  restore(image: Image, options?: RestoreOptions): Promise<Image>;
  /** Loads what an image of this size will need, so that restoring it takes no longer the first time. */
  prepare(width: number, height: number, tile?: number): Promise<void>;
}

/** A restorer over an executor. Dispose of it to give its sessions' memory back. */
export function createRestorer({ executor, config, weights }: RestorerOptions): Restorer {
  const { scale, inChannels } = config;
  const sessions = createSessionCache(SESSIONS_KEPT, (width, height) =>
    executor.load(restorationGraph(config, width, height), weights),
  );
  const divide = (width: number, height: number, tile = defaultTile): TileGrid =>
    planTiles(width, height, { tile, overlap: tileOverlap, multiple: restorerMultiple(config) });
  const open = (grid: TileGrid): Promise<Session> => sessions.get(grid.tileWidth, grid.tileHeight);
  const inTurn = createQueue();

  async function restore(image: Image, options: RestoreOptions): Promise<Image> {
    const { signal, onProgress, tile } = options;
    signal?.throwIfAborted();
    const grid = divide(image.width, image.height, tile);
    const total = grid.tiles.length;
    onProgress?.({ done: 0, total });
    const session = await open(grid);
    const run = async (part: Tile, done: number): Promise<Image> => {
      const result = await runTile(session, image, grid, part, signal);
      onProgress?.({ done, total });
      return result;
    };
    if (isWhole(grid, image)) return run(grid.tiles[0], 1);
    const restored = createImage(image.width * scale, image.height * scale, image.channels);
    for (const [i, part] of grid.tiles.entries()) {
      pasteTile(await run(part, i + 1), part, scale, restored);
    }
    return restored;
  }

  return {
    scale,
    async restore(image, options = {}) {
      if (image.channels !== inChannels) {
        throw new RangeError(`expected an image of ${inChannels} channels, got ${image.channels}`);
      }
      return inTurn(() => restore(image, options), options.signal);
    },
    async prepare(width, height, tile) {
      await inTurn(() => open(divide(width, height, tile)));
    },
    [Symbol.asyncDispose]: () => inTurn(async () => sessions[Symbol.asyncDispose]()),
  };
}

/** Whether the picture is its own one tile, with nothing to add or to cut off. */
function isWhole({ tileWidth, tileHeight }: TileGrid, { width, height }: Image): boolean {
  return tileWidth === width && tileHeight === height;
}

async function runTile(
  session: Session,
  image: Image,
  grid: TileGrid,
  { left, top }: Tile,
  signal: AbortSignal | undefined,
): Promise<Image> {
  const { tileWidth, tileHeight } = grid;
  const window = { left, top, width: tileWidth, height: tileHeight };
  const { data } = isWhole(grid, image) ? image : cutWindow(image, window);
  const sample = tensor('float32', [1, image.channels, tileHeight, tileWidth], data);
  const outputs = await session.run({ sample }, signal ? { signal } : {});
  const [, channels, height, width] = outputs.out_sample.shape;
  return createImage(width, height, channels, toFloat32(outputs.out_sample));
}

function pasteTile(result: Image, { left, top, core }: Tile, scale: number, restored: Image): void {
  const from = { left: (core.left - left) * scale, top: (core.top - top) * scale };
  pasteWindow(result, from, restored, {
    left: core.left * scale,
    top: core.top * scale,
    width: core.width * scale,
    height: core.height * scale,
  });
}
