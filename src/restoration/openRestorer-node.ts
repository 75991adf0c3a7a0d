import type { PhotoFormatName } from '../image/photoFormats.js';
import { ModelError, type WeightSets } from '../models/modelFolder-node.js';
import type { NodeExecutorOptions } from '../runtime/ort-node.js';
import { createWorkerExecutor, type WorkerExecutor } from '../runtime/worker-node.js';
import type { WrongDevice } from './chooseDevice-node.js';
import { createRestorer, type Restorer } from './createRestorer.js';
import { isForeign } from './restorationGraph.js';
import {
  openRestorerModel,
  readRestorerModelWeights,
  type RestorerModel,
  type RestorerModelOptions,
} from './restorerModel-node.js';
import type { RestoreFileOptions } from './photoPlan-node.js';
import type { RestoredFile } from './restorePhoto-node.js';
import {
  restoreToBytes,
  restoreToFile,
  restoreToStream,
  type PhotoSource,
  type RestoredBytes,
  type RestoredStream,
} from './restoreTo-node.js';
import { chooseModel, type ModelWish } from './tasks/chooseModel.js';
import { installedModels } from './tasks/installedModels-node.js';
import type { Effort } from './tasks/tasks.js';

export type { PhotoSource, RestoredBytes, RestoredFile, RestoredStream, RestoreFileOptions };

export interface OpenRestorerOptions extends RestorerModelOptions {
  /** What is to be done, one of `restorationTasks`: what the model is for, or `sr` (enlarge), unless given. A model of another program does what it does. */
  readonly task?: string;
  /**
   * The path of a model's folder, or of a file with a network of another program (ONNX, or weights that are known by their keys), or
   * the name of a model of this package; by default the task's best.
   */
  readonly model?: string;
  /** What the results are to be enlarged by, where that helps to choose a model. They are still told their size. */
  readonly scale?: number;
  /** Which size of a model to take where none is named and both are installed: `best` unless given. */
  readonly effort?: Effort;
  /** `cpu` unless given; `auto` takes the fastest whose numbers are right, for which all are tried first. */
  readonly device?: string;
  /** Is told which devices give wrong numbers, and so are not taken by `auto`. */
  readonly onDeviceFallback?: (wrong: WrongDevice) => void;
  /** Threads inside an operator; by default one a physical core. */
  readonly threads?: number;
}

/** A restorer that knows files. It computes in a thread of its own, which ends when it is disposed of. */
export interface FileRestorer extends Restorer {
  readonly model: RestorerModel;
  readonly device: string;
  /**
   * Restores an image file to another, in the format that the name of the output asks for, with all that comes
   * with a photo: colour profile, opacity, 16 bits, animation, EXIF, XMP and IPTC. The output appears when all
   * of it is there, and what can be known to fail fails before the work.
   * @throws ImageFileError, MemoryError, both naming the file; the signal's reason when aborted.
   */
  restoreFile(
    input: PhotoSource,
    output: string,
    options?: RestoreFileOptions,
  ): Promise<RestoredFile>;
  /** The same, to the bytes of a file. */
  restoreBytes(
    input: PhotoSource,
    format: PhotoFormatName,
    options?: RestoreFileOptions,
  ): Promise<RestoredBytes>;
  /** The same, to a temporary file that can be streamed, however large it is. Dispose of the result to remove it. */
  restoreStream(
    input: PhotoSource,
    format: PhotoFormatName,
    options?: RestoreFileOptions,
  ): Promise<RestoredStream>;
}

/**
 * Opens a model to restore pictures with.
 * @throws ModelError, ConfigError or WeightsError for a model that is absent, corrupt or for another task; DeviceError listing the
 * devices there are.
 */
export async function openRestorer(options: OpenRestorerOptions = {}): Promise<FileRestorer> {
  const { task, model = defaultModel(options), threads, noiseLevel } = options;
  const folder = await openRestorerModel(model, noiseLevel === undefined ? {} : { noiseLevel });
  if (task !== undefined && folder.task !== task && !isForeign(folder.config)) {
    throw new ModelError(`${model}: expected a model for ${task}, got one for ${folder.task}`);
  }
  const device = await deviceOf(model, options);
  const { executor, sets } = await startWithWeights(folder, {
    device,
    ...(threads !== undefined && { threads }),
  });
  const restorer = createRestorer({ executor, config: folder.config, ...sets });
  return {
    ...restorer,
    model: folder,
    device: executor.device,
    restoreFile: (input, output, fileOptions = {}) =>
      restoreToFile({ restorer, config: folder.config }, input, output, fileOptions),
    restoreBytes: (input, format, fileOptions = {}) =>
      restoreToBytes({ restorer, config: folder.config }, input, format, fileOptions),
    restoreStream: (input, format, fileOptions = {}) =>
      restoreToStream({ restorer, config: folder.config }, input, format, fileOptions),
    async [Symbol.asyncDispose]() {
      // The thread must not end while it computes: native code cannot be torn apart.
      await restorer[Symbol.asyncDispose]();
      await executor[Symbol.asyncDispose]();
    },
  };
}

async function deviceOf(
  model: string,
  { device = 'cpu', onDeviceFallback }: OpenRestorerOptions,
): Promise<string> {
  if (device !== 'auto') return device;
  // Only those who ask for it wait for what it takes to test devices.
  const { chooseDevice } = await import('./chooseDevice-node.js');
  return chooseDevice(model, onDeviceFallback);
}

/** The thread loads its engine while the weights are read here. */
async function startWithWeights(
  folder: RestorerModel,
  device: NodeExecutorOptions,
): Promise<{ executor: WorkerExecutor; sets: WeightSets }> {
  const executor = createWorkerExecutor(device);
  try {
    return { executor, sets: await readRestorerModelWeights(folder) };
  } catch (error) {
    await executor[Symbol.asyncDispose]();
    throw error;
  }
}

function defaultModel(wish: ModelWish): string {
  try {
    return chooseModel(wish, installedModels()).name;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ModelError(error.message, { cause: error });
  }
}
