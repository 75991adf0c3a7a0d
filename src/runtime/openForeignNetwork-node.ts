import { extname } from 'node:path';
import type { Executor } from '../graph/index.js';
import {
  foreignNetwork,
  type ForeignNetwork,
  type ForeignNetworkOptions,
} from '../models/index.js';
import { foreignOnnxNetwork } from '../onnx/index.js';
import { readOnnxFile } from '../onnx/file-node.js';
import { WeightsError } from '../weights/index.js';
import { openWeightsFile } from '../weights/openWeightsFile-node.js';
import { createNodeExecutor } from './ort-node.js';

export interface OpenForeignNetworkOptions extends ForeignNetworkOptions {
  /** Tries out what an ONNX file does not say; the CPU in this thread unless given. */
  readonly executor?: Executor;
}

/**
 * Opens a network that another program has trained, as a graph and weights: an ONNX model of one picture in and one out, or the
 * weights (`.safetensors`, `.pth`, `.ckpt`) of SRVGGNetCompact, RRDBNet (ESRGAN), SPAN, DnCNN, FDnCNN or FFDNet, which are known by
 * their keys. It takes and gives pictures `[N, C, H, W]` in [0, 1].
 * @throws WeightsError naming the file that is absent, damaged or of no known network; RangeError for a noise level that cannot be.
 */
export async function openForeignNetwork(
  path: string,
  { executor, ...options }: OpenForeignNetworkOptions = {},
): Promise<ForeignNetwork> {
  if (extname(path).toLowerCase() === '.onnx') {
    const { model, externalData } = await labelled(path, () => readOnnxFile(path));
    return labelled(path, () =>
      foreignOnnxNetwork(model, executor ?? createNodeExecutor(), { externalData }),
    );
  }
  await using file = await openWeightsFile(path);
  return foreignNetwork(await file.readAll(), path, options);
}

async function labelled<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof WeightsError) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    throw new WeightsError(`${path}: ${problem}`, { cause: error });
  }
}
