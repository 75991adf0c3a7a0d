import { createRestorer as createImageRestorer, type RestoreOptions } from './createRestorer.js';
import { fetchModel, type FetchOptions } from './fetchModel-web.js';
import { openDevice, type OpenDeviceOptions } from './openDevice-web.js';
import { matchColours } from './matchColours.js';
import { outputSize } from './outputSize.js';
import type { RestoringNetwork } from './restorationGraph.js';
import { PictureError, readPicture, type PictureSource } from './picture-web.js';
import { pixelRows, writeRows } from './pixels-web.js';
import { restoreFile, type RestoreBlobOptions, type RestoredBlob } from './restoreFile-web.js';

/** Tiles this small keep progress and cancelling lively where WebAssembly computes. */
const defaultTile = 256;

export interface WebRestorerOptions extends OpenDeviceOptions, FetchOptions {
  /**
   * The URL of a model's folder, which holds `config.json` and `diffusion_pytorch_model.safetensors`, or of a file with a network of
   * another program (ONNX, or weights that are known by their keys), or such a file itself.
   */
  readonly model: string | URL | File;
}

/** A model ready to restore pictures in this page or worker. Dispose of it to give its memory back. */
export interface WebRestorer extends AsyncDisposable {
  readonly task: string;
  readonly config: RestoringNetwork;
  /** What it really computes on, whatever was asked for. */
  readonly device: string;
  /** Output pixels a side for one input pixel, unless another scale is asked for. */
  readonly scale: number;
  /** What `fidelity` is unless given; undefined for a model with one set of weights. */
  readonly fidelity: number | undefined;
  /**
   * Restores a picture of any size to 8-bit sRGB pixels; transparency is enlarged along.
   * @throws PictureError for a file that cannot be decoded; the signal's reason when aborted.
   */
  restore(source: PictureSource, options?: RestoreOptions): Promise<ImageData>;
  /**
   * Restores an image file to another, with the metadata that both formats hold, and says what was lost.
   * @throws PictureError, and the signal's reason when aborted.
   */
  restoreFile(file: Blob, options?: RestoreBlobOptions): Promise<RestoredBlob>;
  /** Loads what an image of this size will need, so that restoring it takes no longer the first time. */
  prepare(width: number, height: number): Promise<void>;
}

/**
 * Downloads a model and opens it on a device of this browser. What it is asked to do it computes in this thread,
 * so a page that must stay responsive calls it in a worker.
 * @throws WeightsError or ConfigError for a model that is absent or corrupt; DeviceError for a device that
 * cannot be used.
 */
export async function createRestorer(options: WebRestorerOptions): Promise<WebRestorer> {
  const { task, config, weights, faithful } = await fetchModel(options.model, options);
  const executor = await openDevice(options, { config, weights });
  const restorer = createImageRestorer({
    ...{ executor, config, weights },
    ...(faithful && { faithful }),
  });

  async function restorePixels(pixels: ImageData, given: RestoreOptions): Promise<ImageData> {
    const picture = pixelRows(pixels);
    const { width, height } = outputSize(picture, config.scale, given);
    const restored = emptyPixels(width, height);
    const strips = restorer.restoreRows(picture, { tile: defaultTile, ...given });
    let top = 0;
    for await (const strip of matchColours(strips, picture, width, height)) {
      writeRows(restored, top, strip);
      top += strip.height;
    }
    return restored;
  }

  return {
    task,
    config,
    device: executor.device,
    scale: config.scale,
    fidelity: restorer.fidelity,
    restore: async (source, given = {}) => restorePixels(await readPicture(source), given),
    restoreFile: (file, given = {}) => restoreFile(restorePixels, file, given),
    prepare: (width, height) => restorer.prepare(width, height, { tile: defaultTile }),
    [Symbol.asyncDispose]: () => restorer[Symbol.asyncDispose](),
  };
}

function emptyPixels(width: number, height: number): ImageData {
  try {
    return new ImageData(width, height);
  } catch (error) {
    throw new PictureError(`${width}x${height} pixels are more than this browser holds`, {
      cause: error,
    });
  }
}
