import type { Executor, Session } from '../graph/index.js';
import { createImage, imageRows, pasteRows, type Image, type PictureRows } from '../image/index.js';
import { createQueue, takeTurn } from '../runtime/queue.js';
import type { Weights } from '../tensor/index.js';
import { chosenFidelity, weightsAt, type FaithfulWeights } from './fidelity.js';
import { outputSize, type OutputSizeOptions } from './outputSize.js';
import { restorationGraph, tileOptions, type RestoringNetwork } from './restorationGraph.js';
import { restoreTile } from './restoreTile.js';
import { createSessionCache } from './sessionCache.js';
import { enlargedStrips, type StripPlan } from './strips.js';
import { planTiles, type TileGrid } from './tiles.js';

/** The longest side of what is computed at once unless said otherwise, in input pixels. */
export const defaultTile = 512;
/** Photos of a set often alternate between upright and across. */
const SESSIONS_KEPT = 2;

export interface RestorerOptions {
  /** Runs the network. It stays the caller's to dispose of. */
  readonly executor: Executor;
  readonly config: RestoringNetwork;
  /** float32, by state-dict key; of a model with two sets, the sharpest ones. */
  readonly weights: Weights;
  /** The second set of a model that has one. */
  readonly faithful?: FaithfulWeights;
}

export interface RestoreProgress {
  /** Tiles computed so far. */
  readonly done: number;
  readonly total: number;
}

export interface RestoreOptions extends OutputSizeOptions {
  /** Rejects with the signal's reason; what is being computed is not waited for. */
  readonly signal?: AbortSignal;
  /** Called when a picture has been divided, and after each tile. */
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** The longest side of what is computed at once, in input pixels: bounds the memory; 512 unless given. */
  readonly tile?: number;
  /**
   * For models with two sets of weights: 1 does only what is certain, 0 is sharpest and makes detail up, between them the
   * weights are interpolated. The model says what it is unless given.
   */
  readonly fidelity?: number;
}

/** A network ready to restore pictures. */
export interface Restorer extends AsyncDisposable {
  /** Output pixels a side for one input pixel, unless another size is asked for. */
  readonly scale: number;
  /** What `fidelity` is unless given; undefined for a model with one set of weights. */
  readonly fidelity?: number | undefined;
  /**
   * Restores an image of any size in [0, 1]: gray, or RGB, either with straight opacity as a last channel
   * [1 to 4, H, W]. The result is in [0, 1] and has as many channels; gray stays gray, and opacity is restored
   * too. The same image gives the same result; calls at the same time wait for one another.
   * @throws RangeError for another number of channels, or a fidelity that cannot be; the signal's reason when aborted.
   */
  restore(image: Image, options?: RestoreOptions): Promise<Image>;
  /**
   * The same for a picture that need not lie in memory, in strips from the top. Until the last strip has been
   * taken, or the loop left, other calls wait.
   */
  restoreRows(picture: PictureRows, options?: RestoreOptions): AsyncGenerator<Image>;
  /** Loads what an image of this size will need, so that restoring it takes no longer the first time. */
  prepare(
    width: number,
    height: number,
    options?: Pick<RestoreOptions, 'tile' | 'fidelity'>,
  ): Promise<void>;
}

/** A restorer over an executor. Dispose of it to give its sessions' memory back. */
export function createRestorer(options: RestorerOptions): Restorer {
  const { executor, config, weights, faithful } = options;
  const { scale } = config;
  const usual = faithful?.default;
  const sessions = createSessionCache(SESSIONS_KEPT);
  const divide = (width: number, height: number, tile = defaultTile): TileGrid =>
    planTiles(width, height, tileOptions(config, tile));
  const open = (
    { tileWidth, tileHeight }: TileGrid,
    asked: number | undefined,
  ): Promise<Session> => {
    const fidelity = chosenFidelity(asked, usual);
    return sessions.get(`${tileWidth}x${tileHeight} at ${fidelity ?? 0}`, () =>
      executor.load(
        restorationGraph(config, tileWidth, tileHeight),
        weightsAt(weights, faithful, fidelity),
      ),
    );
  };
  const queue = createQueue();

  async function* restoreRows(
    picture: PictureRows,
    options: RestoreOptions = {},
  ): AsyncGenerator<Image> {
    const { signal, onProgress, tile, fidelity } = options;
    chosenFidelity(fidelity, usual);
    checkChannels(picture.channels, config.inChannels);
    const size = outputSize(picture, scale, options);
    const endTurn = await takeTurn(queue, signal);
    try {
      const grid = divide(picture.width, picture.height, tile);
      const total = grid.tiles.length;
      let done = 0;
      onProgress?.({ done, total });
      const session = await open(grid, fidelity);
      const enlarge = async (window: Image): Promise<Image> => {
        const result = await restoreTile(session, window, config.inChannels, signal);
        onProgress?.({ done: ++done, total });
        return result;
      };
      yield* strips(picture, { grid, scale, ...size, enlarge });
    } finally {
      endTurn();
    }
  }

  return {
    scale,
    fidelity: usual,
    restoreRows,
    async restore(image, options = {}) {
      const { width, height } = outputSize(image, scale, options);
      let restored: Image | undefined;
      let top = 0;
      for await (const strip of restoreRows(imageRows(image), options)) {
        if (strip.height === height) return strip;
        restored ??= createImage(width, height, image.channels);
        pasteRows(restored, top, strip);
        top += strip.height;
      }
      if (!restored) throw new Error(`expected ${height} rows, got none`);
      return restored;
    },
    async prepare(width, height, { tile, fidelity } = {}) {
      await queue(() => open(divide(width, height, tile), fidelity));
    },
    [Symbol.asyncDispose]: () => queue(async () => sessions[Symbol.asyncDispose]()),
  };
}

function checkChannels(channels: number, inChannels: number): void {
  const fits = inChannels === 3 ? channels >= 1 && channels <= 4 : channels === inChannels;
  if (fits) return;
  const expected = inChannels === 3 ? '1 to 4' : inChannels;
  throw new RangeError(`expected an image of ${expected} channels, got ${channels}`);
}

/** A picture that is its own one tile, with nothing to add, to cut off or to resample, takes the short way. */
async function* strips(picture: PictureRows, plan: StripPlan): AsyncGenerator<Image> {
  const { grid, scale, width, height, enlarge } = plan;
  const isWhole = grid.tileWidth === picture.width && grid.tileHeight === picture.height;
  const isEnlarged = width === picture.width * scale && height === picture.height * scale;
  if (isWhole && isEnlarged) yield enlarge(await picture.read(0, picture.height));
  else yield* enlargedStrips(picture, plan);
}
