import sharp from 'sharp';
import { clampImage, imresize, type Image } from '../image/index.js';
import { checkOutput, checkOutputSize, outputAlpha } from '../image/outputFile-node.js';
import { readPhoto, writeImage } from '../image/sharp-node.js';
import {
  ModelError,
  openRestorerFolder,
  readRestorerWeights,
  type RestorerFolder,
} from '../models/modelFolder-node.js';
import { availableMemory } from '../runtime/availableMemory-node.js';
import { MemoryError } from '../runtime/memory.js';
import { createWorkerExecutor } from '../runtime/worker-node.js';
import { createRestorer, type RestoreOptions, type Restorer } from './createRestorer.js';
import { chooseTile, type PictureSize } from './memory.js';

export interface OpenRestorerOptions {
  /** What is to be done: `sr` (enlarge) unless given. */
  readonly task?: string;
  /** The path of a model's folder, or the name of a model of this package; by default the task's best. */
  readonly model?: string;
  /** `cpu` unless given. */
  readonly device?: string;
  /** Threads inside an operator; by default one a physical core. */
  readonly threads?: number;
}

export interface RestoreFileOptions extends Omit<RestoreOptions, 'tile'> {
  /** The longest side of a tile, in input pixels; by default what the memory allows, 512 at most. */
  readonly tile?: number;
  /** Bytes that may be used; by default what the machine, or the container, has left. */
  readonly maxMemory?: number;
  /** 1 to 100, for JPEG, WebP and AVIF. */
  readonly quality?: number;
}

/** What has been written, in pixels, and how long the network took. */
export interface RestoredFile {
  readonly width: number;
  readonly height: number;
  readonly ms: number;
}

/** A restorer that knows files. It computes in a thread of its own, which ends when it is disposed of. */
export interface FileRestorer extends Restorer {
  readonly model: RestorerFolder;
  readonly device: string;
  /**
   * Restores an image file to another; transparency is enlarged along. Nothing is written before all of it
   * is there, and what can be known to fail fails before the work.
   * @throws ImageFileError, MemoryError, both naming the file; the signal's reason when aborted.
   */
  restoreFile(input: string, output: string, options?: RestoreFileOptions): Promise<RestoredFile>;
}

/** The model of each task that is taken unless another is asked for. */
const defaultModels: ReadonlyMap<string, string> = new Map([['sr', 'sr-x4']]);

/**
 * Opens a model to restore pictures with.
 * @throws ModelError, ConfigError or WeightsError for a model that is absent, corrupt or for another task; DeviceError listing the
 * devices there are.
 */
export async function openRestorer(options: OpenRestorerOptions = {}): Promise<FileRestorer> {
  const { task = 'sr', model = defaultModel(task), ...device } = options;
  const folder = await openRestorerFolder(model);
  if (folder.task !== task) {
    throw new ModelError(`${model}: expected a model for ${task}, got one for ${folder.task}`);
  }
  const weights = await readRestorerWeights(folder);
  const executor = createWorkerExecutor(device);
  const restorer = createRestorer({ executor, config: folder.config, weights });
  return {
    ...restorer,
    model: folder,
    device: executor.device,
    restoreFile: (input, output, fileOptions = {}) =>
      restoreFile(restorer, folder, input, output, fileOptions),
    async [Symbol.asyncDispose]() {
      // The thread must not end while it computes: native code cannot be torn apart.
      await restorer[Symbol.asyncDispose]();
      await executor[Symbol.asyncDispose]();
    },
  };
}

function defaultModel(task: string): string {
  const model = defaultModels.get(task);
  if (model !== undefined) return model;
  const tasks = [...defaultModels.keys()].join(', ');
  throw new ModelError(`expected one of the tasks ${tasks}, got ${task}`);
}

async function restoreFile(
  restorer: Restorer,
  { config }: RestorerFolder,
  input: string,
  output: string,
  options: RestoreFileOptions,
): Promise<RestoredFile> {
  const { signal, onProgress, quality } = options;
  await checkOutput(output);
  const available = options.maxMemory ?? availableMemory();
  const tileFor = (size: PictureSize): number =>
    options.tile ?? chooseTile(config, size, available);
  const announced = await readSize(input);
  if (announced) labelled(input, () => tileFor(announced));
  const photo = await readPhoto(input);
  const { width, height } = photo.image;
  const tile = labelled(input, () => tileFor({ width, height, hasAlpha: !!photo.alpha }));
  const alpha = outputAlpha(output, photo.alpha);
  checkOutputSize(output, width * config.scale, height * config.scale);
  const start = performance.now();
  const image = await restorer.restore(photo.image, {
    tile,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const ms = performance.now() - start;
  const enlarged = alpha && enlargeAlpha(alpha, config.scale);
  signal?.throwIfAborted();
  await writeImage(output, image, {
    ...(enlarged && { alpha: enlarged }),
    ...(quality !== undefined && { quality }),
  });
  return { width: image.width, height: image.height, ms };
}

function enlargeAlpha(alpha: Image, scale: number): Image {
  return clampImage(imresize(alpha, { scale }));
}

/** The size that a file's header announces, before anything is decoded; undefined where libvips cannot tell. */
async function readSize(path: string): Promise<PictureSize | undefined> {
  return sharp(path, { limitInputPixels: false })
    .metadata()
    .then(
      ({ autoOrient, hasAlpha }) => ({ ...autoOrient, hasAlpha }),
      // Reading the file will say what is wrong with it.
      () => undefined,
    );
}

function labelled<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    throw new MemoryError(`${path}: ${error.message}`, { cause: error });
  }
}
